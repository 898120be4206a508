"""The board's filters as a form and as chips: both lead to the same addresses."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any
from urllib.parse import urlencode

from babel import Locale
from django import forms
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from core.money import exponent
from marketplace.bands import AMOUNT_BANDS, BUCKET_BY_KEY, BUCKETS
from marketplace.placement.regions import US_STATES
from marketplace.places import region_name
from marketplace.selectors.board import BoardRow
from marketplace.selectors.filters import DEFAULT_SORT, BoardFilters

SORT_WORDS = {
    "newest": gettext_lazy("Newest"), "rate": gettext_lazy("Best rate"), "amount": gettext_lazy("Largest"),
    "age": gettext_lazy("Oldest debt"),
}  # fmt: skip
_BAND_CURRENCY = "USD"
_LANGUAGES = ("en", "es", "zh-hans", "fr")
_RATES = (500, 1000, 1500, 2000, 2500)
_CHIP_BUCKETS = ("30-59", "60-89")
_CHIP_RATE = 1500


def address(filters: BoardFilters, sort: str, cursor: str = "") -> str:
    """The search as an address."""
    extra = {"sort": "" if sort == DEFAULT_SORT else sort, "cursor": cursor}
    parts = [filters.to_query(), urlencode({name: value for name, value in extra.items() if value})]
    query = "&".join(part for part in parts if part)
    return f"{reverse('collector:find')}{'?' + query if query else ''}"


def language_name(code: str) -> str:
    """A language in the reader's words: `es` is Spanish."""
    own = Locale.parse((get_language() or "en").replace("-", "_"))
    name = Locale.parse(code.replace("-", "_")).get_display_name(own) if code in _LANGUAGES else None
    return name or code


def rate_words(bps: int) -> str:
    return _("%(rate)s %% and more") % {"rate": f"{bps / 100:g}"}


def earned_range(row: BoardRow) -> tuple[int, int | None]:
    """What all of it paid would earn, from the band's edges, in minor units; the band above all has no upper edge."""
    band = AMOUNT_BANDS[row.amount_band]
    scale = 10 ** exponent(row.currency)
    up_to = None if band.up_to is None else band.up_to * scale * row.rate_bps // 10_000
    return band.over * scale * row.rate_bps // 10_000, up_to


class BoardForm(forms.Form):
    """What stands behind "More filters". A GET form that is never validated: BoardFilters reads the address."""

    state = forms.ChoiceField(label=gettext_lazy("State"))
    area = forms.CharField(label=gettext_lazy("City"))
    amount = forms.ChoiceField(label=gettext_lazy("Amount"))
    bucket = forms.ChoiceField(label=gettext_lazy("Age of the debt"))
    lang = forms.ChoiceField(label=gettext_lazy("Language"))
    product = forms.CharField(label=gettext_lazy("Product"))
    min_rate_bps = forms.ChoiceField(label=gettext_lazy("What is yours of principal and interest"))
    use_required_attribute = False

    def __init__(self, filters: BoardFilters) -> None:
        super().__init__(initial={name: getattr(filters, name) for name in self.base_fields}, auto_id="filter-%s")
        rates = sorted({*_RATES, *([filters.min_rate_bps] if filters.min_rate_bps else [])})
        langs = [*_LANGUAGES, *([filters.lang] if filters.lang and filters.lang not in _LANGUAGES else [])]
        states = sorted((region_name("US", code), code) for code in US_STATES)
        self._offer("state", [(code, name) for name, code in states])
        self._offer("amount", [(band.index, band.label(_BAND_CURRENCY)) for band in AMOUNT_BANDS])
        self._offer("bucket", [(bucket.key, bucket.label) for bucket in BUCKETS])
        self._offer("lang", [(code, language_name(code)) for code in langs])
        self._offer("min_rate_bps", [(bps, rate_words(bps)) for bps in rates])
        for field in self.fields.values():
            field.widget.attrs |= {"class": "w10", "autocomplete": "off"}

    def _offer(self, name: str, choices: list[tuple[Any, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("Any")), *choices]


def chips(filters: BoardFilters, sort: str) -> list[dict[str, Any]]:
    """The filters one reaches for, as links that set or clear them, and whatever else is set, to take it away."""
    found = [_chip(_("I may claim"), filters, sort, mine=True)]
    found += [_chip(BUCKET_BY_KEY[key].label, filters, sort, bucket=key) for key in _CHIP_BUCKETS]
    found.append(_chip(rate_words(_CHIP_RATE), filters, sort, min_rate_bps=_CHIP_RATE))
    words: dict[str, str] = {
        "state": region_name("US", filters.state) if filters.state else "",
        "area": filters.area,
        "amount": AMOUNT_BANDS[filters.amount].label(_BAND_CURRENCY) if filters.amount is not None else "",
        "bucket": BUCKET_BY_KEY[filters.bucket].label if filters.bucket not in ("", *_CHIP_BUCKETS) else "",
        "lang": language_name(filters.lang) if filters.lang else "",
        "product": filters.product,
        "min_rate_bps": rate_words(filters.min_rate_bps) if filters.min_rate_bps not in (None, _CHIP_RATE) else "",
        "q": f"“{filters.q}”" if filters.q else "",
    }  # fmt: skip
    standing = [(name, label) for name, label in words.items() if label]
    return found + [_chip(label, filters, sort, **{name: getattr(filters, name)}) for name, label in standing]


def _chip(label: str, filters: BoardFilters, sort: str, **wanted: Any) -> dict[str, Any]:
    is_on = all(getattr(filters, name) == value for name, value in wanted.items())
    empty = {field.name: field.default for field in fields(BoardFilters)}
    target = replace(filters, **({name: empty[name] for name in wanted} if is_on else wanted))
    return {"label": label, "url": address(target, sort), "is_on": is_on, "count": None, "icon": ""}
