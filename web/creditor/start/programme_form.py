"""The form of a programme: terms of commission as a table, settlement authority, money and days."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.money import to_major
from marketplace.models import Programme
from marketplace.services.programmes import MAX_ANSWER_DAYS, MAX_CLEARING_DAYS, ProgrammeValues
from payments.commission import Plan
from payments.models.payment import INSTRUMENTS
from payments.plans import FULL_BPS
from payments.services.terms import LEAST_PLATFORM_BPS, MAX_HOLDBACK_DAYS
from web.creditor.start.grid import LEAST_LIMITS, LEAST_ROWS, Grid, grid_of, tiers_of
from web.forms import MoneyField
from web.percents import PercentField

CURRENCIES = ["USD", "CAD", "EUR", "GBP"]
AUTHORITY_ROWS = 3
# Who may agree below what collectors may accept alone.
STAFF_ROLES = ["ops", "finance", "owner"]
OWNER_ROLES = ["owner"]
PREVIEW = ("preview_age", "preview_amount")
_USUAL_RATES = ((1, 1000), (30, 1500), (60, 2000), (90, 3000), (180, 4000))
_USUAL_HOLDBACK = {"cash": 3, "transfer": 3, "ach": 10, "card": 30, "check": 10}
_USUAL_CLEARING = {"cash": 0, "transfer": 1, "ach": 4, "card": 2, "check": 7}
# The service's words for where something is wrong, as fields of this form.
FIELDS = {
    "float_floor": "floor",
    "split": "collector_share",
    "terms": "age_0",
    "settlement_authority": "authority_age_0",
}


def usual_plan(currency: str) -> Plan:
    """What a new programme begins with: common contingency rates that fall on the younger debts."""
    return Plan.from_json(
        {
            "currency": currency,
            "basis": "principal_interest",
            "tiers": [{"from_age": age, "brackets": [{"up_to": None, "bps": bps}]} for age, bps in _USUAL_RATES],
            "split": {"collector": 7000, "platform": 3000},
            "holdback": {name: {"new": days} for name, days in _USUAL_HOLDBACK.items()},
        }
    )


def _small(label: str, *, most: int) -> forms.IntegerField:
    return forms.IntegerField(
        label=label, min_value=0, max_value=most, required=False,
        widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "off", "class": "w4", "aria-label": label}),
        error_messages={
            "invalid": _("Enter whole days, for example 30"),
            "min_value": _("Enter zero days or more"),
            "max_value": _("Enter %(most)d days at most") % {"most": most},
        },
    )  # fmt: skip


def _percent(label: str, *, least: int = 0) -> PercentField:
    attrs = {"inputmode": "decimal", "autocomplete": "off", "class": "w4", "aria-label": label}
    return PercentField(label=label, required=False, least=least, widget=forms.TextInput(attrs))


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table of the form."""

    label: str
    cells: list[BoundField]


class ProgrammeForm(forms.Form):
    """Everything a creditor decides about a programme. After `is_valid`, `plan` and `values` hold it."""

    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=60, help_text=gettext_lazy("For you and your colleagues only."),
        error_messages={"required": gettext_lazy("Name the programme, for example Autumn cards")},
    )  # fmt: skip
    product = forms.CharField(
        label=gettext_lazy("Kind of debt"), max_length=60, initial="credit card",
        help_text=gettext_lazy("Collectors see it on the board, for example credit card."),
        error_messages={"required": gettext_lazy("Say what kind of debt it is, for example credit card")},
    )  # fmt: skip
    basis = forms.ChoiceField(
        label=gettext_lazy("Commission is charged on"), widget=forms.RadioSelect, initial="principal_interest",
        choices=[
            ("principal_interest", gettext_lazy("principal and interest, never on fees")),
            ("principal", gettext_lazy("principal only")),
        ],
    )  # fmt: skip
    collector_share = PercentField(
        label=gettext_lazy("The collector's part of the commission, in percent"),
        help_text=gettext_lazy("80 at most. The rest is the platform's."), initial=7000,
        error_messages={"required": gettext_lazy("Enter the collector's part, for example 70")},
    )  # fmt: skip
    vat = PercentField(
        label=gettext_lazy("VAT on the commission, in percent"), initial=0, required=False,
        help_text=gettext_lazy("0 where there is none, as in the United States."),
    )  # fmt: skip
    floor = MoneyField(
        label=gettext_lazy("Least amount of your float"), minimum=0, required=False,
        help_text=gettext_lazy(
            "Commission is drawn from money you pay in beforehand. Below this amount, or below a tenth of the "
            "commission on promises, open work pauses until you pay in."
        ),
    )  # fmt: skip
    ways_to_pay = forms.CharField(
        label=gettext_lazy("How people pay you"), max_length=2000, widget=forms.Textarea({"rows": 5}),
        help_text=gettext_lazy("Shown to them exactly as written. The money goes to you and never through us."),
        error_messages={"required": gettext_lazy("Say how people can pay you. It is shown to them as you write it.")},
    )  # fmt: skip
    dispute_answer_days = forms.IntegerField(
        label=gettext_lazy("Days in which you answer a dispute"), min_value=1, max_value=MAX_ANSWER_DAYS, initial=30,
        widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "off", "class": "w4"}),
        error_messages=dict.fromkeys(
            ("required", "invalid", "min_value", "max_value"), gettext_lazy("Enter days from 1 to 30")
        ),
    )  # fmt: skip
    preview_amount = MoneyField(label=gettext_lazy("Amount paid"), required=False)

    def __init__(self, data: Mapping[str, Any] | None = None, *, programme: Programme | None = None) -> None:
        self.programme = programme
        chosen = data.get("currency") if data is not None else None
        self.currency = programme.currency if programme else (chosen if chosen in CURRENCIES else CURRENCIES[0])
        self.base = Plan.from_json(programme.terms) if programme else usual_plan(self.currency)
        self.grid = grid_of(self.base)
        self.plan: Plan | None = None
        self.authority: list[dict[str, Any]] = []
        super().__init__(data)
        self._add_fields()
        self._set_initial()
        for field in self.fields.values():
            if isinstance(field, MoneyField):
                field.set_currency(self.currency)

    # Building

    def _add_fields(self) -> None:
        add = self.fields.__setitem__
        add("preview_age", _small(_("Days past due"), most=9999))
        if self.programme is None:
            choices = [(code, code) for code in CURRENCIES]
            add("currency", forms.ChoiceField(label=_("Currency"), choices=choices, initial=CURRENCIES[0]))
        else:
            add("version", forms.IntegerField(widget=forms.HiddenInput))
            if self.programme.exposure_limit_minor:
                add("cover", forms.ChoiceField(
                    label=_("Commission is paid"), choices=Programme.Cover.choices, widget=forms.RadioSelect
                ))  # fmt: skip
        self.limit_count = max(LEAST_LIMITS, len(self.grid.limits))
        self.row_count = max(LEAST_ROWS, len(self.grid.rows) + 1)
        for column in range(self.limit_count):
            field = MoneyField(label=_("Amounts up to"), required=False)
            field.widget.attrs |= {"aria-label": _("Column %(n)d: amounts up to") % {"n": column + 1}, "class": "w6"}
            add(f"limit_{column}", field)
        for row in range(self.row_count):
            add(f"age_{row}", _small(_("Row %(n)d: from how many days past due") % {"n": row + 1}, most=9999))
            for column in range(self.limit_count + 1):
                words = {"row": row + 1, "column": column + 1}
                add(f"rate_{row}_{column}", _percent(_("Row %(row)d: percent in column %(column)d") % words))
        for row in range(max(AUTHORITY_ROWS, len(self.stored_authority) + 1)):
            words = {"row": row + 1}
            add(f"authority_age_{row}", _small(_("Row %(row)d: from how many days past due") % words, most=9999))
            add(f"authority_alone_{row}", _percent(_("Row %(row)d: percent collectors may accept") % words))
            add(f"authority_staff_{row}", _percent(_("Row %(row)d: percent a colleague may accept") % words))
            add(f"authority_owner_{row}", _percent(_("Row %(row)d: percent an owner may accept") % words))
        for code, label in INSTRUMENTS:
            add(f"clearing_{code}", _small(_("%(way)s: days until cleared") % {"way": label}, most=MAX_CLEARING_DAYS))
            add(f"holdback_{code}", _small(_("%(way)s: days held") % {"way": label}, most=MAX_HOLDBACK_DAYS))

    @property
    def stored_authority(self) -> list[dict[str, Any]]:
        return list(self.programme.settlement_authority) if self.programme else []

    def _set_initial(self) -> None:
        start: dict[str, Any] = {"preview_age": 45, "preview_amount": 100_000}
        if self.programme:
            one = self.programme
            start |= {
                "name": one.name, "product": one.product, "basis": self.base.basis, "vat": self.base.vat_bps,
                "collector_share": self.base.split["collector"], "floor": one.float_floor_minor,
                "ways_to_pay": one.ways_to_pay, "dispute_answer_days": one.dispute_answer_days,
                "version": one.terms_version, "cover": one.funding_cover,
            }  # fmt: skip
        for column, limit in enumerate(self.grid.limits):
            start[f"limit_{column}"] = to_major(limit, self.currency).removesuffix(".00")
        for row, (age, rates) in enumerate(self.grid.rows):
            start[f"age_{row}"] = age
            # the open column is the last one of the table, however many limits are in use
            places = [*range(len(self.grid.limits)), self.limit_count]
            start |= {f"rate_{row}_{place}": rate for place, rate in zip(places, rates, strict=True)}
        for row, one_age in enumerate(self.stored_authority):
            start[f"authority_age_{row}"] = one_age["from_age"]
            start |= {f"authority_{_asked(band['needs'])}_{row}": band["min_bps"] for band in one_age["bands"]}
        clearing = self.programme.clearing_days if self.programme else _USUAL_CLEARING
        for code, _label in INSTRUMENTS:
            start[f"clearing_{code}"] = clearing.get(code)
            start[f"holdback_{code}"] = max(self.base.holdback.get(code, {}).values(), default=None)
        self.initial = {**self.initial, **start}

    # For the template

    def limits(self) -> list[BoundField]:
        return [self[f"limit_{column}"] for column in range(self.limit_count)]

    def terms_rows(self) -> Iterator[list[BoundField]]:
        for row in range(self.row_count):
            yield [self[f"age_{row}"], *(self[f"rate_{row}_{column}"] for column in range(self.limit_count + 1))]

    def authority_rows(self) -> Iterator[list[BoundField]]:
        for row in range(max(AUTHORITY_ROWS, len(self.stored_authority) + 1)):
            yield [self[f"authority_{name}_{row}"] for name in ("age", "alone", "staff", "owner")]

    def day_rows(self) -> Iterator[Row]:
        for code, label in INSTRUMENTS:
            yield Row(str(label), [self[f"clearing_{code}"], self[f"holdback_{code}"]])

    # Reading

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        share = cleaned.get("collector_share")
        if share is not None and share > FULL_BPS - LEAST_PLATFORM_BPS:
            self.add_error("collector_share", _("The collector's part is 80 % at most; the platform keeps the rest."))
        grid = self._read_grid(cleaned)
        self.authority = self._read_authority(cleaned)
        if grid is not None and share is not None and "basis" in cleaned and not self.terms_errors():
            self.plan = replace(
                self.base, currency=self.currency, basis=cleaned["basis"], tiers=tiers_of(grid),
                split=self._split(share), vat_bps=cleaned.get("vat") or 0, holdback=self._holdback(cleaned),
            )  # fmt: skip
        return cleaned

    def terms_errors(self) -> list[str]:
        """The fields with errors that decide a fee."""
        starts = ("limit_", "age_", "rate_", "holdback_", "collector_share", "vat", "basis", "currency", "preview_")
        return [name for name in self.errors if name.startswith(starts)]

    def _split(self, share: int) -> dict[str, int]:
        others = {role: part for role, part in self.base.split.items() if role not in ("collector", "platform")}
        return {"collector": share, "platform": FULL_BPS - share - sum(others.values()), **others}

    def _holdback(self, cleaned: dict[str, Any]) -> dict[str, dict[str, int]]:
        kept = {name: dict(row) for name, row in self.base.holdback.items()}
        for code, _label in INSTRUMENTS:
            days = cleaned.get(f"holdback_{code}")
            if days is not None and days != max(kept.get(code, {}).values(), default=None):
                kept[code] = {"new": days}
        return kept

    def _read_grid(self, cleaned: dict[str, Any]) -> Grid | None:
        columns = [column for column in range(self.limit_count) if cleaned.get(f"limit_{column}") is not None]
        limits = [cleaned[f"limit_{column}"] for column in columns]
        if limits != sorted(set(limits)):
            self.add_error(f"limit_{columns[-1]}", _("Each amount is larger than the one before it"))
        places = [*columns, self.limit_count]
        rows: dict[int, tuple[int | None, ...]] = {}
        for row in range(self.row_count):
            age = cleaned.get(f"age_{row}")
            cells = {place: cleaned.get(f"rate_{row}_{place}") for place in range(self.limit_count + 1)}
            if age is None:
                if any(rate is not None for rate in cells.values()) and f"age_{row}" not in self.errors:
                    self.add_error(f"age_{row}", _("Enter from how many days past due these rates count"))
                continue
            if age in rows:
                self.add_error(f"age_{row}", _("This age is in the table already. Remove the second one."))
            self._check_cells(row, cells, places)
            rows[age] = tuple(cells[place] for place in places)
        if not rows and not self.errors:
            self.add_error("age_0", _("Enter at least one age with its rate"))
        complete = not self.terms_errors() and rows
        return Grid(tuple(limits), tuple(rows.items())) if complete else None

    def _check_cells(self, row: int, cells: dict[int, int | None], places: list[int]) -> None:
        for place, rate in cells.items():
            name = f"rate_{row}_{place}"
            if place in places and rate is None and name not in self.errors:
                self.add_error(name, _("Enter the rate in percent"))
            elif place not in places and rate is not None:
                self.add_error(f"limit_{place}", _("Enter up to which amount the rates below count"))
                return

    def _read_authority(self, cleaned: dict[str, Any]) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        for row in range(max(AUTHORITY_ROWS, len(self.stored_authority) + 1)):
            age = cleaned.get(f"authority_age_{row}")
            asked: list[tuple[str, list[str] | None]] = [
                ("alone", None),
                ("staff", STAFF_ROLES),
                ("owner", OWNER_ROLES),
            ]
            bands = [
                {"min_bps": bps, "needs": needs}
                for name, needs in asked
                if (bps := cleaned.get(f"authority_{name}_{row}")) is not None
            ]
            if age is None and bands and f"authority_age_{row}" not in self.errors:
                self.add_error(f"authority_age_{row}", _("Enter from how many days past due this counts"))
            elif age is not None and not bands:
                self.add_error(f"authority_alone_{row}", _("Enter a percentage, or empty the row"))
            elif age is not None:
                rows.append({"from_age": age, "bands": bands})
        return rows

    @property
    def values(self) -> ProgrammeValues:
        """What was entered, terms apart."""
        cleaned = self.cleaned_data
        cover = cleaned.get("cover") or (self.programme.funding_cover if self.programme else Programme.Cover.FLOAT)
        days = {code: cleaned.get(f"clearing_{code}") for code, _label in INSTRUMENTS}
        return ProgrammeValues(
            name=cleaned["name"], product=cleaned["product"], ways_to_pay=cleaned["ways_to_pay"],
            clearing_days={code: wait for code, wait in days.items() if wait is not None},
            settlement_authority=self.authority, funding_cover=cover, float_floor_minor=cleaned.get("floor") or 0,
            dispute_answer_days=cleaned["dispute_answer_days"],
        )  # fmt: skip


def _asked(needs: list[str] | None) -> str:
    return "alone" if needs is None else "owner" if needs == OWNER_ROLES else "staff"
