"""From the cells of one row to typed values, with every problem of the row named."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from operator import itemgetter

from django.utils.translation import gettext as _

from marketplace.placement import codes, person
from marketplace.placement.debt import DebtReader, read_currency
from marketplace.placement.findings import Findings
from marketplace.placement.flags import parse_flags
from marketplace.placement.languages import language_code
from marketplace.placement.reading import Reading
from marketplace.placement.rows import NormalisedRow, ProgrammeDefaults, RawRow
from marketplace.placement.styles import ColumnStyles


class RowReader:
    """Reads the rows of one file, each on its own."""

    def __init__(self, reading: Reading, *, defaults: ProgrammeDefaults, as_of: date, styles: ColumnStyles) -> None:
        # A column the file lacks is read from an empty cell put behind the last one.
        self._pick = itemgetter(*(reading.columns.get(meaning, reading.width) for meaning in RawRow._fields))
        self._defaults = defaults
        self._as_of = as_of
        self._debts = DebtReader(styles, as_of=as_of)

    def read(self, cells: Sequence[str]) -> tuple[NormalisedRow | None, Findings]:
        """Values of a row with as many cells as the heading, and what was found; no values when there is a problem."""
        raw = RawRow._make(map(str.strip, self._pick([*cells, ""])))
        found, defaults, debts = Findings(), self._defaults, self._debts
        name = person.check_identity(raw, found)
        raw = person.check_texts(raw, found)
        country = person.read_country(raw.country, defaults.country, found)
        phone = person.read_phone(raw.phone, country, found)
        region = person.read_region(raw.state, country, found)
        zones = person.read_zones(region, phone, raw.timezone, self._as_of.year, found)
        flags = _read_flags(raw.flags, found)
        late, delinquent = debts.read_lateness(raw, found)
        itemized = debts.read_date("itemization_date", raw.itemization_date, self._as_of, found)
        if itemized is None:
            found.notes.add(codes.OK_NO_ITEMIZATION)
        paid_on = debts.read_date("last_payment_date", raw.last_payment_date, self._as_of, found)
        statute = debts.read_date("statute_date", raw.statute_date, None, found)
        currency = read_currency(raw.currency, defaults.currency, found)
        owed = debts.read_owed(raw, currency, found)
        paid = debts.read_amount("last_payment_amount", raw.last_payment_amount, currency, found, zero=True)
        if found.problems or delinquent is None or owed.balance is None:
            return None, found
        latitude, longitude = person.read_position(raw, found)
        row = NormalisedRow(
            raw.account_ref, raw.customer_ref, name, phone.e164, person.read_email(raw.email, found), raw.street,
            raw.city, region.code, country, raw.postal_code, latitude, longitude, zones.address, zones.phone,
            _read_language(raw.language, defaults.language, found), raw.product or defaults.product, currency,
            owed.principal, owed.interest, owed.fees, owed.balance, late, delinquent, itemized, paid_on, paid, statute,
            flags,
        )  # fmt: skip
        return row, found


def _read_flags(text: str, found: Findings) -> tuple[str, ...]:
    if not text:
        return ()
    flags, unknown = parse_flags(text)
    if unknown:
        reason = _(
            "“%(value)s” is not a flag we know, and it may forbid contact. "
            "Use: disputed, bankrupt, deceased, represented, hardship."
        )
        found.refuse("bad_flag", "flags", reason % {"value": unknown})
    return flags


def _read_language(text: str, default: str, found: Findings) -> str:
    code = language_code(text) if text else default
    if code is None:
        found.not_kept("language")
    return code or default
