"""The rows the benchmark works on: one programme with a listed portfolio, and the people who work it. Fixed seeds."""

from __future__ import annotations

from accounts.models import Collector, CreditorOrg
from compliance.services.notices import send_notices
from compliance.services.placing import place_file
from marketplace import states
from marketplace.models import Batch, Case, Programme
from marketplace.placement.generate import portfolio_csv
from payments.services.publish import list_cases
from tests.factories import START, make_collector, make_org, make_programme
from tests.payments.kit import top_up

REGIONS = tuple(f"US-{code}" for code in ("NY", "NJ", "PA", "GA", "IL", "TX", "CO", "CA", "WA", "HI"))
FLOAT_MINOR = 90_000_000


class World:
    """A creditor with money and a programme, and a collector licensed wherever the debts lie."""

    def __init__(self) -> None:
        self.org: CreditorOrg = make_org()
        top_up(self.org, FLOAT_MINOR)
        self.programme: Programme = make_programme(self.org)
        self.collector: Collector = make_collector(regions=REGIONS)

    def place(self, rows: int, seed: int) -> Batch:
        """Place a file of `rows` accounts with full verdicts, sealing and search for duplicates."""
        return place_file(
            programme=self.programme, data=portfolio_csv(rows, seed, START.date()), filename=f"cases-{seed}.csv",
            as_of=START.date(), actor="system", at=START,
        )  # fmt: skip

    def publish(self) -> None:
        """Send every notice and list every case that may be."""
        ready = Case.objects.filter(programme=self.programme, state=states.READY).select_related("org")
        send_notices(cases=list(ready), at=START)
        list_cases(programme=self.programme, at=START)
