"""Regions of the world as placement needs them: is it one, and which time zones may its people live in.

A region crossed by a border of zones lists both: contact is then allowed only when it is allowed in each.
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple

_EAST, _CENTRAL, _MOUNTAIN, _PACIFIC = "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles"

# USPS codes of the states, the District and the inhabited territories, with the larger part's zone first.
US_STATES: dict[str, tuple[str, tuple[str, ...]]] = {
    "AL": ("Alabama", (_CENTRAL,)),
    "AK": ("Alaska", ("America/Anchorage", "America/Adak")),
    "AZ": ("Arizona", ("America/Phoenix", _MOUNTAIN)),
    "AR": ("Arkansas", (_CENTRAL,)),
    "CA": ("California", (_PACIFIC,)),
    "CO": ("Colorado", (_MOUNTAIN,)),
    "CT": ("Connecticut", (_EAST,)),
    "DE": ("Delaware", (_EAST,)),
    "DC": ("District of Columbia", (_EAST,)),
    "FL": ("Florida", (_EAST, _CENTRAL)),
    "GA": ("Georgia", (_EAST,)),
    "HI": ("Hawaii", ("Pacific/Honolulu",)),
    "ID": ("Idaho", ("America/Boise", _PACIFIC)),
    "IL": ("Illinois", (_CENTRAL,)),
    "IN": ("Indiana", ("America/Indiana/Indianapolis", _CENTRAL)),
    "IA": ("Iowa", (_CENTRAL,)),
    "KS": ("Kansas", (_CENTRAL, _MOUNTAIN)),
    "KY": ("Kentucky", ("America/Kentucky/Louisville", _CENTRAL)),
    "LA": ("Louisiana", (_CENTRAL,)),
    "ME": ("Maine", (_EAST,)),
    "MD": ("Maryland", (_EAST,)),
    "MA": ("Massachusetts", (_EAST,)),
    "MI": ("Michigan", ("America/Detroit", "America/Menominee")),
    "MN": ("Minnesota", (_CENTRAL,)),
    "MS": ("Mississippi", (_CENTRAL,)),
    "MO": ("Missouri", (_CENTRAL,)),
    "MT": ("Montana", (_MOUNTAIN,)),
    "NE": ("Nebraska", (_CENTRAL, _MOUNTAIN)),
    "NV": ("Nevada", (_PACIFIC, _MOUNTAIN)),
    "NH": ("New Hampshire", (_EAST,)),
    "NJ": ("New Jersey", (_EAST,)),
    "NM": ("New Mexico", (_MOUNTAIN,)),
    "NY": ("New York", (_EAST,)),
    "NC": ("North Carolina", (_EAST,)),
    "ND": ("North Dakota", (_CENTRAL, _MOUNTAIN)),
    "OH": ("Ohio", (_EAST,)),
    "OK": ("Oklahoma", (_CENTRAL,)),
    "OR": ("Oregon", (_PACIFIC, "America/Boise")),
    "PA": ("Pennsylvania", (_EAST,)),
    "RI": ("Rhode Island", (_EAST,)),
    "SC": ("South Carolina", (_EAST,)),
    "SD": ("South Dakota", (_CENTRAL, _MOUNTAIN)),
    "TN": ("Tennessee", (_CENTRAL, _EAST)),
    "TX": ("Texas", (_CENTRAL, _MOUNTAIN)),
    "UT": ("Utah", (_MOUNTAIN,)),
    "VT": ("Vermont", (_EAST,)),
    "VA": ("Virginia", (_EAST,)),
    "WA": ("Washington", (_PACIFIC,)),
    "WV": ("West Virginia", (_EAST,)),
    "WI": ("Wisconsin", (_CENTRAL,)),
    "WY": ("Wyoming", (_MOUNTAIN,)),
    "AS": ("American Samoa", ("Pacific/Pago_Pago",)),
    "GU": ("Guam", ("Pacific/Guam",)),
    "MP": ("Northern Mariana Islands", ("Pacific/Saipan",)),
    "PR": ("Puerto Rico", ("America/Puerto_Rico",)),
    "VI": ("U.S. Virgin Islands", ("America/St_Thomas",)),
}

_TORONTO, _WINNIPEG, _EDMONTON, _HALIFAX = "America/Toronto", "America/Winnipeg", "America/Edmonton", "America/Halifax"
_CANADA: dict[str, tuple[str, tuple[str, ...]]] = {
    "AB": ("Alberta", (_EDMONTON,)),
    "BC": ("British Columbia", ("America/Vancouver", _EDMONTON, "America/Fort_Nelson")),
    "MB": ("Manitoba", (_WINNIPEG,)),
    "NB": ("New Brunswick", ("America/Moncton",)),
    "NL": ("Newfoundland and Labrador", ("America/St_Johns", "America/Goose_Bay")),
    "NS": ("Nova Scotia", (_HALIFAX,)),
    "NT": ("Northwest Territories", (_EDMONTON,)),
    "NU": ("Nunavut", ("America/Iqaluit", "America/Rankin_Inlet", "America/Cambridge_Bay", "America/Atikokan")),
    "ON": ("Ontario", (_TORONTO, _WINNIPEG, "America/Atikokan")),
    "PE": ("Prince Edward Island", (_HALIFAX,)),
    "QC": ("Quebec", (_TORONTO, "America/Blanc-Sablon")),
    "SK": ("Saskatchewan", ("America/Regina", _EDMONTON)),
    "YT": ("Yukon", ("America/Whitehorse",)),
}

# China keeps one civil time; Xinjiang's people also live by their own.
_CHINA_NAMES = (
    "AH安徽 BJ北京 CQ重庆 FJ福建 GD广东 GS甘肃 GX广西 GZ贵州 HA河南 HB湖北 HE河北 HI海南 HK香港"
    " HL黑龙江 HN湖南 JL吉林 JS江苏 JX江西 LN辽宁 MO澳门 NM内蒙古 NX宁夏 QH青海 SC四川"
    " SD山东 SH上海 SN陕西 SX山西 TJ天津 TW台湾 XJ新疆 XZ西藏 YN云南 ZJ浙江"
)
_CHINA_ZONES = {
    "XJ": ("Asia/Shanghai", "Asia/Urumqi"),
    "HK": ("Asia/Hong_Kong",),
    "MO": ("Asia/Macau",),
    "TW": ("Asia/Taipei",),
}
_CHINA = {entry[:2]: (entry[2:], _CHINA_ZONES.get(entry[:2], ("Asia/Shanghai",))) for entry in _CHINA_NAMES.split()}

_TABLES = {"US": US_STATES, "CA": _CANADA, "CN": _CHINA}
_COUNTRY_NAMES = {
    "USA": "US", "UNITED STATES": "US", "UNITED STATES OF AMERICA": "US", "CANADA": "CA", "CAN": "CA", "CHINA": "CN",
    "CHN": "CN", "中国": "CN", "UK": "GB", "UNITED KINGDOM": "GB", "GREAT BRITAIN": "GB", "MEXICO": "MX", "MEX": "MX",
    "美国": "US",
}  # fmt: skip
_LOOSE_REGION = re.compile(r"[^\W_][\w .'’-]{0,63}")


class Region(NamedTuple):
    """A region code (`NY`, or a name where we hold no table) and the zones its people may live in, main one first."""

    code: str
    zones: tuple[str, ...]


@lru_cache(maxsize=1)
def _country_zones() -> dict[str, tuple[str, ...]]:
    """Zones of every ISO 3166 country, from the table the time zone database itself carries."""
    found: dict[str, tuple[str, ...]] = {}
    for line in files("tzdata.zoneinfo").joinpath("zone.tab").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            country, _position, zone = line.split("\t")[:3]
            found[country] = (*found.get(country, ()), zone)
    return found


@lru_cache(maxsize=1024)
def country_code(text: str) -> str | None:
    """ISO 3166 alpha-2 code of a country given by code or common name, or None."""
    value = text.strip().upper()
    code = _COUNTRY_NAMES.get(value, value)
    return code if code in _country_zones() else None


@lru_cache(maxsize=4096)
def find_region(text: str, *, country: str) -> Region | None:
    """The region of `country` (alpha-2) that `text` names by code, ISO 3166-2 code or name; None when there is none.

    Where no table is held a plausible name is taken as it is, with every zone of its country; where the whole
    country keeps one zone the region may be missing.
    """
    value = text.strip()
    code = value.upper().removeprefix(f"{country}-")
    table = _TABLES.get(country)
    if table is not None:
        code = code if code in table else _by_name(value, table)
        return Region(code, table[code][1]) if code in table else None
    zones = _country_zones().get(country, ())
    if not zones or (value and _LOOSE_REGION.fullmatch(value) is None) or (not value and len(zones) > 1):
        return None
    return Region(code, zones)


def _by_name(value: str, table: dict[str, tuple[str, tuple[str, ...]]]) -> str:
    wanted = value.casefold().replace(".", "")
    for code, (name, _zones) in table.items():
        known = name.casefold().replace(".", "")
        # Chinese names carry their kind at the end: 广东省, 新疆维吾尔自治区.
        if wanted == known or (not name.isascii() and wanted.startswith(known)):
            return code
    return ""
