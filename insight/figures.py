"""A programme's figures, read from the rows themselves: JSON values, money in minor units of its currency."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Count, F, Max, Min, QuerySet, Sum

from compliance import states as dispute_states
from compliance.models import ContactAttempt, Dispute, Permit, Refusal
from core.models import Event
from insight.words import WORDS
from marketplace.bands import BUCKETS
from marketplace.local import market_day
from marketplace.models import Case, Programme, Promise
from marketplace.states import ACTIVE, BROKEN, KEPT, SUSPENDED, VERIFYING
from payments import states as money_states
from payments.models import Accrual, PaidStatement, Payment
from payments.selectors.funding import funding_of

LATEST = 8
# Thousands of these come at once; the funnel counts them. The list is for what people did.
_IN_BULK = frozenset(
    {"case.placed", "case.noticed", "case.listed", "case.listing_refused", "case.paused", "case.resumed"}
)
_SHOWN = [name for name in WORDS if name not in _IN_BULK and name not in {"ticket.opened", "contact.permitted"}]
# What the sentences of insight.words need, and nothing more.
_TOLD = (
    "amount_minor", "reversed_minor", "fee_minor", "currency", "due", "reason", "code", "outcome", "answered_by",
    "final", "action", "result", "rule", "retry_at",
)  # fmt: skip
# How many of a creditor's newest events are looked through for one programme's latest.
_LOOKED_AT = 200


def figures(programme_id: int, *, at: datetime) -> dict[str, Any]:
    """Everything the dashboard of one programme shows at `at`."""
    programme = Programme.objects.get(pk=programme_id)
    cases = Case.objects.filter(programme=programme)
    totals = cases.aggregate(
        cases=Count("pk"), placed=Sum("placed_minor"), people=Count("debtor__person", distinct=True)
    )
    booked = Accrual.objects.filter(case__programme=programme, payment__cleared_at__isnull=False)
    ageing = _ageing(programme, at)
    return {
        "currency": programme.currency,
        "cases": totals["cases"],
        "people": totals["people"],
        "placed_minor": totals["placed"] or 0,
        "recovered_minor": sum(line["recovered_minor"] for line in ageing),
        "cost_minor": booked.aggregate(total=Sum(F("fee_minor") + F("vat_minor")))["total"] or 0,
        "states": dict(cases.values_list("state").annotate(n=Count("pk")).order_by("state")),
        "funnel": _funnel(cases, programme_id),
        "ageing": ageing,
        "gate": _gate(programme_id),
        "promises": _promises(programme_id),
        "needs": _needs(programme, cases),
        "activity": _latest(programme),
    }


def _funnel(cases: QuerySet[Case], programme_id: int) -> dict[str, int]:
    attempts = ContactAttempt.objects.filter(case__programme=programme_id)
    paid = Payment.objects.filter(case__programme=programme_id).exclude(state=money_states.REVERSED)
    return {
        "placed": cases.count(),
        "noticed": cases.filter(notice__isnull=False).count(),
        "contacted": _cases_in(attempts),
        "right_party": _cases_in(attempts.filter(outcomes__answered_by="right_party")),
        "promise": _cases_in(Promise.objects.filter(case__programme=programme_id)),
        "paid": _cases_in(paid),
    }


def _cases_in(rows: QuerySet[Any]) -> int:
    return int(rows.aggregate(n=Count("case", distinct=True))["n"])


def _ageing(programme: Programme, at: datetime) -> list[dict[str, Any]]:
    """By age bucket: open cases and what is still due on them, and what came in on all cases, net of reversals."""
    edges = [bucket.high for bucket in BUCKETS if bucket.high is not None]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH back AS (
              SELECT r.payment_id, sum(r.principal_minor + r.interest_minor + r.fees_minor) AS minor
                FROM payments_reversal r GROUP BY r.payment_id
            ), paid AS (
              SELECT p.case_id, sum(p.amount_minor - coalesce(back.minor, 0)) AS minor
                FROM payments_payment p LEFT JOIN back ON back.payment_id = p.id GROUP BY p.case_id
            )
            SELECT width_bucket(greatest(%s - d.delinquency_date - 1, 0), %s::int[]) AS bucket,
                   count(*) FILTER (WHERE c.state <> 'CLOSED'),
                   coalesce(sum(d.principal_due_minor + d.interest_due_minor + d.fees_due_minor)
                            FILTER (WHERE c.state <> 'CLOSED'), 0),
                   coalesce(sum(paid.minor), 0), sum(c.placed_minor)
              FROM marketplace_case c JOIN marketplace_debt d ON d.id = c.debt_id LEFT JOIN paid ON paid.case_id = c.id
             WHERE c.programme_id = %s GROUP BY 1
            """,
            [market_day(at), edges, programme.pk],
        )
        found = {int(row[0]): [int(value) for value in row[1:]] for row in cursor.fetchall()}
    lines = []
    for index, bucket in enumerate(BUCKETS):
        cases, balance, recovered, placed = found.get(index, [0, 0, 0, 0])
        lines.append(
            {
                "bucket": bucket.key, "cases": cases, "balance_minor": balance, "recovered_minor": recovered,
                "placed_minor": placed,
            }
        )  # fmt: skip
    return lines


def _gate(programme_id: int) -> dict[str, Any]:
    """What the gate refused, by deciding rule, and of how many requests."""
    refused = Refusal.objects.filter(case__programme=programme_id)
    rules = list(refused.values("rule").annotate(n=Count("pk"), newest=Max("pk")).order_by("-n", "rule")[:5])
    said = dict(Refusal.objects.filter(pk__in=[row["newest"] for row in rules]).values_list("rule", "denials"))
    total = refused.count()
    return {
        "refused": total,
        "asked": total + Permit.objects.filter(case__programme=programme_id).count(),
        "rules": [{"rule": row["rule"], "n": row["n"], "say": _say(said[row["rule"]], row["rule"])} for row in rules],
    }


def _say(denials: list[dict[str, Any]], rule: str) -> str:
    return next((str(one["say"]) for one in denials if one.get("rule") == rule and one.get("say")), rule)


def _promises(programme_id: int) -> dict[str, int]:
    rows = Promise.objects.filter(case__programme=programme_id)
    return {
        "open": rows.filter(state__in=[ACTIVE, VERIFYING, SUSPENDED]).count(),
        "kept": rows.filter(state=KEPT).count(),
        "broken": rows.filter(state=BROKEN).count(),
    }


def _needs(programme: Programme, cases: QuerySet[Case]) -> dict[str, Any]:
    """What waits for the creditor: disputes, statements of payment, cases that cannot be listed, and the float."""
    disputes = Dispute.objects.filter(
        case__programme=programme, state__in=[dispute_states.OPEN, dispute_states.AWAITING_CREDITOR]
    )
    open_ones = disputes.exclude(kind=Dispute.Kind.ALREADY_PAID)
    first = open_ones.aggregate(first=Min("answer_due_date"))["first"]
    statements = PaidStatement.objects.filter(case__programme=programme, state=money_states.STATEMENT_OPEN)
    waiting = cases.exclude(not_listed_reason="").filter(state="NOTICED")
    funding = funding_of(programme)
    return {
        "disputes": open_ones.count(),
        "dispute_due": first.isoformat() if first else "",
        "statements": statements.count(),
        "not_listed": dict(waiting.values_list("not_listed_reason").annotate(n=Count("pk")).order_by("-n")),
        "funding": {
            "is_funded": funding.is_funded, "reason": funding.reason, "balance_minor": funding.balance_minor,
            "floor_minor": funding.floor_minor, "cover": programme.funding_cover,
        },
    }  # fmt: skip


def _latest(programme: Programme) -> list[dict[str, Any]]:
    """The newest acts on the programme's cases; put into words when they are shown."""
    recent = Event.objects.filter(creditor_id=programme.org_id, name__in=_SHOWN, stream__startswith="case:")
    newest = list(recent.order_by("-id")[:_LOOKED_AT])
    refs = {event.stream.removeprefix("case:") for event in newest}
    mine = set(Case.objects.filter(programme=programme, ref__in=refs).values_list("ref", flat=True))
    return [_line(event) for event in newest if event.stream.removeprefix("case:") in mine and not _is_echo(event)][
        :LATEST
    ]


def _is_echo(event: Event) -> bool:
    """One act, one line: a dispute brings its own pause, and a statement of payment its own dispute."""
    if event.name.startswith("hold."):
        return bool(event.data.get("reason") == "DISPUTE")
    return event.name == "dispute.opened" and event.data.get("kind") == Dispute.Kind.ALREADY_PAID


def _line(event: Event) -> dict[str, Any]:
    return {
        "id": event.pk, "case": event.stream.removeprefix("case:"), "name": event.name, "at": event.at.isoformat(),
        "data": {key: event.data[key] for key in _TOLD if key in event.data}, "actor": event.actor.split(":")[0],
    }  # fmt: skip
