"""Who owes, and where the debtor lives and can be reached."""

from __future__ import annotations

import re
from decimal import Decimal

from django.utils.translation import gettext as _

from marketplace.placement import codes
from marketplace.placement.findings import Findings
from marketplace.placement.phones import Phone, parse_phone
from marketplace.placement.regions import Region, country_code, find_region
from marketplace.placement.rows import RawRow
from marketplace.placement.text import FORMULA_STARTS, is_rounded_number, plain
from marketplace.placement.zones import Zones, weigh

REF_LENGTH = 64
NAME_LENGTH = 200

# Longest optional texts, in characters. A longer one is not kept and the row says so.
TEXT_LENGTHS = {"street": 200, "city": 100, "postal_code": 20, "product": 60}
EMAIL_LENGTH = 254

_EMAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>.]+")
_COORDINATE = re.compile(r"-?\d{1,3}(?:\.\d{1,12})?")
_NO_PHONE = Phone(None, ())
_NO_REGION = Region("", ())


def check_identity(raw: RawRow, findings: Findings) -> str:
    """Check both references and the name; the name with its white space made single."""
    if not raw.account_ref:
        findings.refuse("missing_id", "account_ref", _("The account has no reference. Give it the one you know it by."))
    _check_ref("account_ref", raw.account_ref, findings)
    _check_ref("customer_ref", raw.customer_ref, findings)
    name = raw.debtor_name
    if not name:
        findings.refuse(
            "missing_name", "debtor_name", _("The debtor has no name. Give the name the debtor is known by.")
        )
    elif len(name) > NAME_LENGTH:
        reason = _("The name has %(length)d characters; at most %(limit)d are taken. Shorten it.")
        findings.refuse("name_too_long", "debtor_name", reason % {"length": len(name), "limit": NAME_LENGTH})
    return " ".join(name.split())


def _check_ref(column: str, ref: str, findings: Findings) -> None:
    if len(ref) > REF_LENGTH:
        reason = _("The reference has %(length)d characters; at most %(limit)d are taken. Shorten it.")
        findings.refuse("id_too_long", column, reason % {"length": len(ref), "limit": REF_LENGTH})
    elif ref[:1].isdigit() and is_rounded_number(ref):
        reason = _("“%(value)s” was rounded by a spreadsheet and its last digits are lost. Export the column as text.")
        findings.refuse("damaged_id", column, reason % {"value": ref})


def check_texts(raw: RawRow, findings: Findings) -> RawRow:
    """Note texts a spreadsheet would run; the row without texts that are too long to be what their column says."""
    for value in (
        raw.account_ref, raw.customer_ref, raw.debtor_name, raw.email, raw.street, raw.city, raw.postal_code,
        raw.product,
    ):  # fmt: skip
        if value[:1] in FORMULA_STARTS:
            findings.notes.add(codes.OK_FORMULA)
    if len(raw.street) > 200 or len(raw.city) > 100 or len(raw.postal_code) > 20 or len(raw.product) > 60:
        for column, length in TEXT_LENGTHS.items():
            if len(getattr(raw, column)) > length:
                findings.not_kept(column)
                raw = raw._replace(**{column: ""})
    return raw


def read_email(text: str, findings: Findings) -> str | None:
    """The e-mail address, or None with a remark when the text is none."""
    if not text or (len(text) <= EMAIL_LENGTH and _EMAIL.fullmatch(text)):
        return text or None
    findings.not_kept("email")
    return None


def read_position(raw: RawRow, findings: Findings) -> tuple[Decimal | None, Decimal | None]:
    """Latitude and longitude in degrees, both or neither."""
    if not raw.latitude and not raw.longitude:
        return None, None
    if _COORDINATE.fullmatch(raw.latitude) and _COORDINATE.fullmatch(raw.longitude):
        latitude, longitude = Decimal(raw.latitude), Decimal(raw.longitude)
        if -90 <= latitude <= 90 and -180 <= longitude <= 180:
            return latitude, longitude
    findings.not_kept("latitude")
    return None, None


def read_country(text: str, default: str, findings: Findings) -> str:
    """ISO 3166 alpha-2 code, the programme's when the cell is empty; empty when it names no country."""
    if not text:
        return default
    code = country_code(text)
    if code is None:
        findings.refuse(
            "bad_state", "country", _("“%(value)s” is not a country. Write its code, such as US.") % {"value": text}
        )
    return code or ""


def read_phone(text: str, country: str, findings: Findings) -> Phone:
    """The number and its zones; a number that cannot exist rejects the row, an empty cell is only noted."""
    if not text:
        findings.notes.add(codes.OK_NO_PHONE)
        return _NO_PHONE
    phone = parse_phone(plain(text), country=country)
    if phone is None:
        # not quoted: reasons are kept in clear, and one wrong digit does not make a number anybody's to read
        findings.refuse("bad_phone", "phone", _("This cannot be a phone number. Leave it empty if there is none."))
    return phone or _NO_PHONE


def read_region(text: str, country: str, findings: Findings) -> Region:
    """The state or province; one that its country does not have rejects the row."""
    region = find_region(text, country=country)
    if region is None and country:
        unknown = _("“%(value)s” is not a state or province of %(country)s. Write its code, such as NY.")
        reason = unknown if text else _("The state is missing. Write its code, such as NY.")
        findings.refuse("bad_state", "state", reason % {"value": text, "country": country})
    return region or _NO_REGION


def read_zones(region: Region, phone: Phone, stated: str, year: int, findings: Findings) -> Zones:
    """Candidate zones from region, phone and the zone the file states; noted when they disagree."""
    zones = weigh(region.zones, phone.zones, stated, year)
    if zones.disagree:
        findings.notes.add(codes.OK_CONFLICT)
    elif zones.hawaii:
        findings.notes.add(codes.OK_HAWAII)
    return zones
