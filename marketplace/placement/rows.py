"""A row before and after judging: its cells as text by meaning, its typed values, its verdict."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import NamedTuple


class ProgrammeDefaults(NamedTuple):
    """What the programme says where a file is silent. Country is ISO 3166 alpha-2, currency ISO 4217."""

    currency: str = "USD"
    country: str = "US"
    language: str = "en"
    product: str = ""


class RawRow(NamedTuple):
    """Trimmed text of each column; one that the file lacks is empty in every row."""

    account_ref: str
    customer_ref: str
    debtor_name: str
    phone: str
    email: str
    street: str
    city: str
    state: str
    country: str
    postal_code: str
    latitude: str
    longitude: str
    timezone: str
    language: str
    product: str
    currency: str
    principal: str
    interest: str
    fees: str
    balance: str
    days_past_due: str
    delinquency_date: str
    itemization_date: str
    last_payment_date: str
    last_payment_amount: str
    statute_date: str
    flags: str


class NormalisedRow(NamedTuple):
    """One debt. Money is in minor units of `currency`; None means that the file does not say."""

    account_ref: str
    customer_ref: str
    name: str
    phone_e164: str | None
    email: str | None
    street: str
    city: str
    state: str
    country: str
    postal_code: str
    lat: Decimal | None
    lon: Decimal | None
    address_zones: tuple[str, ...]
    phone_zones: tuple[str, ...]
    language: str
    product: str
    currency: str
    principal_minor: int | None
    interest_minor: int | None
    fees_minor: int | None
    balance_minor: int
    days_past_due: int
    delinquency_date: date
    itemization_date: date | None
    last_payment_date: date | None
    last_payment_minor: int | None
    statute_date: date | None
    flags: tuple[str, ...]


class Problem(NamedTuple):
    """Why a row is rejected: code, the column at fault and a sentence."""

    code: str
    field: str
    reason: str


class Verdict(NamedTuple):
    """What becomes of one row.

    `code` leads; `codes` holds it first and then every other that is true of the row. `fields` is None when the row is
    rejected, and `problems` then names all that is wrong with it. `remarks` are sentences on optional values that were
    not kept. `cells` is the row as the file has it.
    """

    line: int
    verdict: str
    code: str
    field: str
    reason: str
    fields: NormalisedRow | None
    codes: tuple[str, ...]
    cells: list[str]
    problems: tuple[Problem, ...] = ()
    remarks: tuple[str, ...] = ()
    duplicate_line: int | None = None
