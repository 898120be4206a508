"""Month-start snapshots: how every open case stood, so that next month can tell what rolled on."""

from __future__ import annotations

from datetime import date, datetime

from django.db import IntegrityError, connection, transaction

from core.clock import MARKET_ZONE
from insight.models import Snapshot


def take_month(*, at: datetime) -> Snapshot | None:
    """Take the snapshot of the month that `at` falls in, once; None when it was taken before.

    Days past due are counted to the first of the month, in one statement whatever the number of cases.
    """
    month = at.astimezone(MARKET_ZONE).date().replace(day=1)
    if Snapshot.objects.filter(month=month).exists():
        return None
    try:
        with transaction.atomic():
            snapshot = Snapshot.objects.create(month=month, taken_at=at, cases=0)
            snapshot.cases = _copy_cases(snapshot.pk, month)
            snapshot.save(update_fields=["cases"])
    except IntegrityError:
        return None  # another worker took it
    return snapshot


def _copy_cases(snapshot_id: int, month: date) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO insight_snapshotrow (snapshot_id, case_id, programme_id, state, currency, balance_minor,
                                             days_past_due)
            SELECT %s, c.id, c.programme_id, c.state, d.currency,
                   d.principal_due_minor + d.interest_due_minor + d.fees_due_minor, %s - d.delinquency_date
              FROM marketplace_case c JOIN marketplace_debt d ON d.id = c.debt_id
             WHERE c.state <> 'CLOSED'
            """,
            [snapshot_id, month],
        )
        return int(cursor.rowcount)
