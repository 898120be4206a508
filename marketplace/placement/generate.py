"""A fictional portfolio for the demo: real places, invented people, numbers from 555-0100 to 555-0199 only."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

COLUMNS = (
    "account_ref", "customer_ref", "debtor_name", "phone", "email", "street", "city", "state", "postal_code",
    "latitude", "longitude", "timezone", "language", "product", "currency", "principal", "interest", "fees", "balance",
    "days_past_due", "delinquency_date", "itemization_date", "last_payment_date", "last_payment_amount",
    "statute_date", "flags",
)  # fmt: skip


class Place(NamedTuple):
    """A city with the position of its centre in degrees, its zone and the area codes of its numbers."""

    city: str
    state: str
    postal_code: str
    position: tuple[str, str]
    zone: str
    areas: tuple[str, ...]


PLACES = (
    Place("Albany", "NY", "12207", ("42.6526", "-73.7562"), "America/New_York", ("518", "838")),
    Place("Buffalo", "NY", "14202", ("42.8864", "-78.8784"), "America/New_York", ("716",)),
    Place("Brooklyn", "NY", "11201", ("40.6928", "-73.9903"), "America/New_York", ("718", "347", "929")),
    Place("Trenton", "NJ", "08608", ("40.2206", "-74.7597"), "America/New_York", ("609", "640")),
    Place("Pittsburgh", "PA", "15222", ("40.4406", "-79.9959"), "America/New_York", ("412", "878")),
    Place("Savannah", "GA", "31401", ("32.0809", "-81.0912"), "America/New_York", ("912",)),
    Place("Chicago", "IL", "60602", ("41.8832", "-87.6324"), "America/Chicago", ("312", "872")),
    Place("Austin", "TX", "78701", ("30.2711", "-97.7437"), "America/Chicago", ("512", "737")),
    Place("Denver", "CO", "80202", ("39.7525", "-104.9995"), "America/Denver", ("303", "720")),
    Place("Fresno", "CA", "93721", ("36.7378", "-119.7871"), "America/Los_Angeles", ("559",)),
    Place("Spokane", "WA", "99201", ("47.6588", "-117.4260"), "America/Los_Angeles", ("509",)),
    Place("Hilo", "HI", "96720", ("19.7241", "-155.0868"), "Pacific/Honolulu", ("808",)),
)
_FIRST = (
    "Amara", "Ben", "Chidi", "Dolores", "Elif", "Farid", "Grace", "Hana", "Idris", "June", "Kofi", "Lena", "Marisol",
    "Nadia", "Omar", "Pavel", "Quinn", "Rosa", "Samir", "Theo", "Uma", "Viktor", "Wren", "Ximena", "Yara", "Zane",
)  # fmt: skip
_LAST = (
    "Sample", "Placeholder", "Fictional", "Example", "Sketch", "Model", "Mockley", "Draft", "Specimen", "Testwell",
    "Invented", "Imaginary", "Pretend", "Notional", "Outline",
)  # fmt: skip
_STREETS = ("Mock Street", "Pretend Street", "Placeholder Avenue", "Sample Road", "Example Lane")
# days past due, from and to, and how often
_AGES = ((3, 29, 4), (30, 59, 10), (60, 89, 4), (90, 119, 2), (120, 149, 1), (150, 179, 1), (190, 700, 2))


def generate_portfolio(rows: int, seed: int, as_of: date, product: str = "credit card") -> Iterator[list[str]]:
    """The heading row and `rows` accounts as text cells, the same for the same arguments.

    One customer in twelve has a second account. A few are flagged, a few have no number. Dates fit `as_of`.
    """
    dice = random.Random(f"portfolio {seed}")  # noqa: S311 - invented data
    numbers = _numbers(dice)
    yield list(COLUMNS)
    customer: list[str] = []
    for index in range(rows):
        if not customer or dice.random() > 1 / 12:
            customer = _customer(dice, index, numbers)
        yield [f"AC-{seed:03d}{index + 1:05d}", *customer, product, "USD", *_debt(dice, as_of), _flag(dice)]


def portfolio_csv(rows: int, seed: int, as_of: date, product: str = "credit card") -> bytes:
    """The same as a CSV file."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(generate_portfolio(rows, seed, as_of, product))
    return text.getvalue().encode()


def _numbers(dice: random.Random) -> dict[str, list[str]]:
    """Unused fictional numbers of each area code, in a shuffled order."""
    found = {}
    for place in PLACES:
        for area in place.areas:
            lines = [f"+1{area}555{line:04d}" for line in range(100, 200)]
            dice.shuffle(lines)
            found[area] = lines
    return found


def _customer(dice: random.Random, index: int, numbers: dict[str, list[str]]) -> list[str]:
    # a third of them live in New York, so that a collector licensed there finds enough to do
    place = dice.choice(PLACES[:3]) if dice.random() < 0.4 else dice.choice(PLACES)
    area = dice.choice(place.areas)
    phone = numbers[area].pop() if numbers[area] and dice.random() > 0.03 else ""
    name = f"{dice.choice(_FIRST)} {dice.choice(_LAST)}"
    email = f"c{index:05d}@example.com" if dice.random() > 0.4 else ""
    street = f"{dice.randint(1, 999)} {dice.choice(_STREETS)}"
    return [
        f"CU-{index + 1:05d}", name, phone, email, street, place.city, place.state, place.postal_code, *place.position,
        place.zone, "en",
    ]  # fmt: skip


def _cents(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02d}"


def _debt(dice: random.Random, as_of: date) -> list[str]:
    low, high, _often = dice.choices(_AGES, weights=[age[2] for age in _AGES])[0]
    days = dice.randint(low, high)
    since = as_of - timedelta(days=days)
    principal = int(min(dice.lognormvariate(11.2, 0.8), 1_900_000)) + 2500
    interest = principal * min(days, 240) * 6 // 10_000
    fees = 2900 * (1 + min(days // 30, 3))
    paid = since - timedelta(days=dice.randint(15, 45))
    return [
        _cents(principal), _cents(interest), _cents(fees), _cents(principal + interest + fees), str(days),
        since.isoformat(), (since - timedelta(days=20)).isoformat(), paid.isoformat(), _cents(dice.randint(1500, 9000)),
        since.replace(year=since.year + 4, day=min(since.day, 28)).isoformat(),
    ]  # fmt: skip


def _flag(dice: random.Random) -> str:
    return dice.choices(["", "disputed", "bankrupt", "deceased", "hardship"], weights=[96, 2, 1, 1, 1])[0]
