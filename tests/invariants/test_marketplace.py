"""The market's own rules attacked behind the services' back: constraints, frozen columns, rows for ever."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F

from accounts.models import Collector
from marketplace import states
from marketplace.checked import NO_TEXT
from marketplace.models import (
    Case,
    Claim,
    ContactPoint,
    Debt,
    Note,
    Promise,
    PromiseChange,
    Recall,
    SupportMessage,
    SupportTicket,
    Task,
)  # fmt: skip
from marketplace.services.notes import write_note
from marketplace.services.promises import make_promise
from marketplace.services.support import open_ticket
from tests.factories import START, make_case, make_claim, make_collector, make_debt, make_debtor, make_org, make_task

pytestmark = pytest.mark.django_db


def refused(act: Callable[[], object], sqlstate: str) -> None:
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        act()
    assert error.value.__cause__.sqlstate == sqlstate


UNIQUE, CHECK, NOT_NULL = "23505", "23514", "23502"


def clone(row, **changes):
    """The same row again, as a new one with `changes`."""
    copy = type(row).objects.get(pk=row.pk)
    copy.pk, copy._state.adding = None, True
    for name, value in changes.items():
        setattr(copy, name, value)
    return copy


def insert(row) -> Callable[[], object]:
    return lambda: type(row).objects.bulk_create([row])


def test_a_debt_has_one_live_case():
    case = make_case()
    again = {"ref": "K-2", "link_hash": b"x" * 32}
    refused(insert(clone(case, **again)), UNIQUE)
    Case.objects.filter(pk=case.pk).update(state=states.CLOSED, closed_at=START, close_code="WTH")
    clone(case, **again, state=states.READY, closed_at=None, close_code="").save()
    refused(
        lambda: Case.objects.filter(pk=case.pk).update(state=states.LISTED, closed_at=None, close_code=""),
        UNIQUE,
    )


def test_a_closed_case_has_a_code_and_a_time_and_no_other_has():
    case = make_case()
    refused(lambda: Case.objects.filter(pk=case.pk).update(state=states.CLOSED), CHECK)
    refused(lambda: Case.objects.filter(pk=case.pk).update(state=states.CLOSED, closed_at=START), CHECK)
    refused(lambda: Case.objects.filter(pk=case.pk).update(closed_at=START), CHECK)


def test_a_task_has_one_live_claim():
    claim = make_claim()
    refused(insert(clone(claim, ref="M-2", collector=make_collector())), UNIQUE)
    Claim.objects.filter(pk=claim.pk).update(state=states.TAIL, ended_at=START)
    clone(claim, ref="M-2", state=states.ACTIVE, ended_at=None).save()


def test_a_claim_ends_with_a_time():
    claim = make_claim()
    refused(lambda: Claim.objects.filter(pk=claim.pk).update(state=states.TAIL), CHECK)
    refused(lambda: Claim.objects.filter(pk=claim.pk).update(ended_at=START), CHECK)


@pytest.mark.parametrize(
    "change",
    [
        {"terms": {"tiers": []}},
        {"balance_minor": 1},
        {"currency": "EUR"},
        {"past_due_since": START.date()},
        {"accepted_at": START - timedelta(days=1)},
        {"ref": "M-OTHER"},
        {"collector_id": F("collector_id") + 1},
        {"case_id": F("case_id") + 1},
        {"task_id": F("task_id") + 1},
    ],
    ids=lambda change: next(iter(change)),
)
@pytest.mark.parametrize("replica", [False, True])
def test_what_a_claim_froze_never_changes(change, replica):
    claim = make_claim()
    before = Claim.objects.values().get()

    def act():
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL session_replication_role = {'replica' if replica else 'origin'}")
        Claim.objects.filter(pk=claim.pk).update(**change)

    refused(act, CHECK)
    assert Claim.objects.values().get() == before


def test_a_claim_is_never_deleted():
    claim = make_claim()
    refused(lambda: Claim.objects.filter(pk=claim.pk)._raw_delete("default"), CHECK)


def test_a_case_has_one_live_task_of_a_kind():
    task = make_task()
    refused(insert(clone(task, ref="T-2")), UNIQUE)
    clone(task, ref="T-3", kind="VERIFY").save()
    Task.objects.filter(pk=task.pk).update(state=states.WITHDRAWN)
    clone(task, ref="T-2", state=states.OPEN).save()


@pytest.mark.parametrize("column", ["notice_ref", "funding_ref"])
def test_nothing_is_listed_without_notice_and_funding(column):
    task = make_task()
    refused(lambda: Task.objects.filter(pk=task.pk).update(**{column: ""}), CHECK)
    refused(lambda: Task.objects.filter(pk=task.pk).update(**{column: None}), NOT_NULL)


def test_a_pause_has_a_reason_and_only_a_pause():
    task = make_task()
    refused(lambda: Task.objects.filter(pk=task.pk).update(state=states.PAUSED), CHECK)
    refused(lambda: Task.objects.filter(pk=task.pk).update(pause_reason="hold"), CHECK)


def test_live_claims_never_pass_the_limit_nor_zero():
    collector = make_collector()
    everybody = Collector.objects.filter(pk=collector.pk)
    refused(lambda: everybody.update(live_claims=4), CHECK)
    refused(lambda: everybody.update(live_claims=-1), CHECK)
    everybody.update(live_claims=3)
    refused(lambda: everybody.update(live_limit=2), CHECK)


def test_a_debt_is_placed_once_and_never_owed_below_zero():
    debt = make_debt(make_debtor(make_org()))
    refused(insert(clone(debt)), UNIQUE)
    for part in ("principal_due_minor", "interest_due_minor", "fees_due_minor", "principal_minor"):
        refused(lambda part=part: Debt.objects.filter(pk=debt.pk).update(**{part: -1}), CHECK)


def test_a_contact_point_comes_from_creditor_or_debtor_only():
    make_debtor(make_org())
    point = ContactPoint.objects.get()
    refused(lambda: ContactPoint.objects.update(source="relative"), CHECK)
    refused(lambda: ContactPoint.objects.update(kind="fax"), CHECK)
    refused(insert(clone(point)), UNIQUE)


def promise_on(claim, **extra):
    return make_promise(
        case=claim.case, claim=claim, amount_minor=100, due_date=START.date(), channel="call", actor="system", at=START,
        **extra,
    )  # fmt: skip


def test_a_case_has_one_active_promise_but_a_plan_many():
    promise = promise_on(make_claim())
    refused(insert(clone(promise, ref="PR-2")), UNIQUE)
    refused(insert(clone(promise, ref="PR-2", amount_minor=0)), CHECK)
    clone(promise, ref="PR-3", plan_ref="PLAN").save()
    clone(promise, ref="PR-4", plan_ref="PLAN").save()
    assert Promise.objects.filter(state=states.ACTIVE).count() == 3


def test_a_case_has_one_open_recall():
    case = make_case()
    recall = Recall.objects.create(
        case=case, kind="normal", state_before="WORKING", reason="x", notice_at=START, final_date=START.date()
    )
    refused(insert(clone(recall)), UNIQUE)


def _eternal() -> dict[str, object]:
    claim = make_claim()
    write_note(case=claim.case, claim=claim, action="CALL", result="TALKED", text=NO_TEXT, actor="system", at=START)
    promise_on(claim)
    open_ticket(user=claim.collector.user, case=None, topic="call", text="Help", actor="x", at=START)
    return {"note": Note, "promisechange": PromiseChange, "supportmessage": SupportMessage}


@pytest.mark.parametrize("name", ["note", "promisechange", "supportmessage"])
@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE {0} SET id = id",
        "UPDATE {0} SET at = at + interval '1 day'",
        "DELETE FROM {0}",
        "SET CONSTRAINTS ALL IMMEDIATE; TRUNCATE {0}",
        "SET LOCAL session_replication_role = replica; DELETE FROM {0}",
        "SET LOCAL session_replication_role = replica; UPDATE {0} SET at = now()",
    ],
)
def test_evidence_is_never_changed(name, sql):
    model = _eternal()[name]
    before = list(model.objects.values())
    assert before

    def act():
        with connection.cursor() as cursor:
            for statement in sql.format(model._meta.db_table).split("; "):
                cursor.execute(statement)

    refused(act, CHECK)
    assert list(model.objects.values()) == before


def test_a_key_saves_one_note_and_one_ticket():
    claim = make_claim()
    note = write_note(
        case=claim.case, claim=claim, action="CALL", result="TALKED", text=NO_TEXT, actor="x", at=START, idem_key="k"
    )
    refused(insert(clone(note)), UNIQUE)
    open_ticket(user=claim.collector.user, case=None, topic="call", text="Help", actor="x", at=START, idem_key="k")
    refused(insert(clone(SupportTicket.objects.get(), ref="S-2")), UNIQUE)


def test_the_schema_has_no_third_party_no_pressure_and_no_cash_in_hand():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = 'public'"
        )
        names = " ".join(row[0] for row in cursor.fetchall())
    for word in ("relative", "emergency", "employer", "reference_phone", "pressure", "cash_receipt", "third_party"):
        assert word not in names
