"""What the people of the story hand in: a file of debts, a picture of a document."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta

TODAY = date(2026, 11, 3)  # on the market clock
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c4944415408d763f8ffff3f0005fe02fea735819e0000000049454e44ae426082"
)
HEADINGS = (
    "account_ref", "customer_ref", "debtor_name", "phone", "street", "city", "state", "postal_code", "language",
    "product", "currency", "principal", "interest", "fees", "balance", "days_past_due", "delinquency_date",
    "itemization_date",
)  # fmt: skip


def portfolio() -> bytes:
    """The debt of the worked example, two others, and one line whose parts do not add up."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HEADINGS)
    for number, (name, end, parts, days) in enumerate(
        [
            ("Marisol Specimen", "01", ("1100.00", "85.57", "49.00", "1234.57"), 35),
            ("Theo Invented", "21", ("640.00", "12.00", "29.00", "681.00"), 61),
            ("Grace Notional", "31", ("910.00", "20.00", "29.00", "959.00"), 42),
            ("Samir Outline", "41", ("100.00", "1.00", "1.00", "999.00"), 40),
        ]
    ):
        since = TODAY - timedelta(days=days)
        writer.writerow([
            f"QB-77{number}1", f"QC-{number}", name, f"+151855501{end}", f"{number + 4} Sample Road", "Albany", "NY",
            "12207", "en", "store card", "USD", *parts, days, since, since - timedelta(days=20),
        ])  # fmt: skip
    return text.getvalue().encode()
