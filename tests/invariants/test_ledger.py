"""The ledger attacked by every way a program or an operator has: the database says no each time."""

from __future__ import annotations

import pytest
from django.db import Error, IntegrityError, connection, transaction
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from payments import ledger
from payments.errors import EntryRefused, EntryReversed, KeyReused, Overdrawn
from payments.models import Balance, JournalEntry, Posting

pytestmark = pytest.mark.django_db
WALLET = "L.wallet.1"


@pytest.fixture
def entry(at):
    return ledger.post(
        key="pi:1:succeeded", kind="2", at=at, currency="USD", lines=[("A.psp.pending", 5000), (WALLET, -5000)]
    )


def snapshot():
    return (
        list(JournalEntry.objects.order_by("id").values_list("key", "lines")),
        list(Posting.objects.order_by("id").values_list("entry_id", "account_id", "amount", "balance_after")),
        list(Balance.objects.order_by("id").values_list("name", "amount")),
    )


def refused(act):
    before = snapshot()
    with pytest.raises(Error), transaction.atomic():
        act()
    assert snapshot() == before


def sql(statement, *parameters):
    def run():
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters)

    return run


def test_one_insert_makes_postings_and_balances(entry):
    assert ledger.balance(WALLET, "USD") == 5000
    assert ledger.balance("A.psp.pending", "USD") == 5000
    assert [(p.account.name, p.amount, p.balance_after) for p in Posting.objects.order_by("account_id")] == [
        ("A.psp.pending", 5000, 5000), (WALLET, -5000, -5000),
    ]  # fmt: skip


def test_the_same_key_and_lines_is_one_entry_in_any_order(entry, at):
    again = ledger.post(
        key="pi:1:succeeded", kind="2", at=at, currency="USD", lines=[(WALLET, -5000), ("A.psp.pending", 5000)]
    )
    assert again.pk == entry.pk
    assert Posting.objects.count() == 2


def test_the_same_key_with_other_lines_is_refused(entry, at):
    before = snapshot()
    with pytest.raises(KeyReused):
        ledger.post(
            key="pi:1:succeeded", kind="2", at=at, currency="USD", lines=[("A.psp.pending", 5001), (WALLET, -5001)]
        )
    assert snapshot() == before


@pytest.mark.parametrize(
    "lines",
    [
        [("A.psp.pending", 5), (WALLET, -4)],
        [("A.psp.pending", 5)],
        [],
        [("A.psp.pending", 0), (WALLET, 0)],
        [("M.contra", 5), (WALLET, -5)],
    ],
)
def test_an_entry_that_does_not_balance_is_refused(lines, at):
    with pytest.raises(EntryRefused):
        ledger.post(key="bad", kind="2", at=at, currency="USD", lines=lines)
    assert not JournalEntry.objects.exists()
    assert not Posting.objects.exists()
    assert not Balance.objects.exclude(amount=0).exists()


def test_fractions_are_refused(at):
    with pytest.raises(TypeError):
        ledger.post(key="bad", kind="2", at=at, currency="USD", lines=[("A.bank", 0.5), (WALLET, -0.5)])


def test_no_account_is_overdrawn(entry, at):
    with pytest.raises(Overdrawn):
        ledger.post(key="x", kind="7", at=at, currency="USD", lines=[(WALLET, 5001), ("R.fee", -5001)])
    assert ledger.balance(WALLET, "USD") == 5000


@pytest.mark.parametrize("name", ["L.suspense", "R.fee", "X.psp", "T.fx.USD", "E.adjust"])
def test_only_named_families_may_swing(name, at):
    ledger.post(key="a", kind="29", at=at, currency="USD", lines=[("A.bank", 9), (name, -9)])
    ledger.post(key="b", kind="29", at=at, currency="USD", lines=[("X.dispute", -20), (name, 20)])
    assert Balance.objects.get(name=name).amount == 11


def test_currencies_do_not_mix(entry, at):
    body = [
        {"account": "A.psp.pending", "currency": "USD", "amount": 3},
        {"account": WALLET, "currency": "EUR", "amount": -3},
    ]
    refused(lambda: JournalEntry.objects.create(key="mix", kind="2", at=at, lines=body, request_hash=bytes(32)))


def test_an_unknown_account_is_refused(at):
    body = [{"account": "A.bank", "currency": "USD", "amount": 3}, {"account": "L.no", "currency": "USD", "amount": -3}]
    refused(lambda: JournalEntry.objects.create(key="no", kind="2", at=at, lines=body, request_hash=bytes(32)))
    with pytest.raises(ValueError, match="chart"):
        ledger.post(key="no", kind="2", at=at, currency="USD", lines=[("Z.other", 1), ("A.bank", -1)])


@pytest.mark.parametrize("model", [JournalEntry, Posting, Balance])
def test_rows_are_not_deleted(model, entry):
    refused(lambda: model.objects.all()._raw_delete("default"))
    refused(lambda: model.objects.first().delete())
    refused(sql(f"DELETE FROM {model._meta.db_table}"))


@pytest.mark.parametrize("table", ["payments_journalentry", "payments_posting"])
def test_tables_are_not_emptied(table, entry):
    refused(sql(f"TRUNCATE {table} CASCADE"))


def test_an_entry_is_not_rewritten(entry):
    def save():
        entry.key = "other"
        entry.save()

    refused(save)
    entry.refresh_from_db()
    refused(lambda: JournalEntry.objects.update(kind="99"))
    refused(lambda: JournalEntry.objects.bulk_update([entry], ["at", "kind"]))
    refused(sql("UPDATE payments_journalentry SET lines = '[]'"))


def test_a_posting_is_neither_moved_nor_added(entry):
    posting = Posting.objects.first()
    other = Balance.objects.exclude(pk=posting.account_id).first()
    refused(lambda: Posting.objects.filter(pk=posting.pk).update(account=other))
    refused(lambda: Posting.objects.filter(pk=posting.pk).update(amount=1))
    refused(lambda: Posting.objects.create(entry=entry, account=other, currency="USD", amount=1, balance_after=1))
    refused(
        lambda: Posting.objects.bulk_create(
            [Posting(entry=entry, account=other, currency="USD", amount=1, balance_after=1)]
        )
    )


def test_a_balance_is_not_touched_by_hand(entry):
    row = Balance.objects.get(name=WALLET)
    refused(lambda: Balance.objects.filter(pk=row.pk).update(amount=-9999))
    refused(lambda: Balance.objects.filter(pk=row.pk).update(floor_zero=False))
    refused(lambda: Balance.objects.filter(pk=row.pk).update(name="L.wallet.2"))
    refused(lambda: Balance.objects.create(name="L.wallet.3", currency="USD", normal=-1, amount=-700))

    def save():
        row.amount = 0
        row.save()

    refused(save)


def test_a_session_cannot_switch_the_guards_off(entry):
    def replica():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute("UPDATE payments_posting SET amount = 1")

    refused(replica)


def test_correction_is_a_mirror_entry_and_happens_once(entry, at):
    back = ledger.reverse_entry(entry=entry, key="fix:1", at=at)
    assert back.reverses_id == entry.pk
    assert ledger.balance(WALLET, "USD") == 0
    assert ledger.reverse_entry(entry=entry, key="fix:1", at=at).pk == back.pk
    with pytest.raises((EntryReversed, Overdrawn)):
        ledger.reverse_entry(entry=entry, key="fix:2", at=at)
    with pytest.raises(IntegrityError), transaction.atomic():
        JournalEntry.objects.create(
            key="fix:3", kind="30", at=at, request_hash=bytes(32), reverses=entry,
            lines=[{"account": "A.psp.pending", "currency": "USD", "amount": 1}, {"account": WALLET, "currency": "USD", "amount": -1}],
        )  # fmt: skip


_NAMES = ["A.psp.available", "L.wallet.1", "L.held.C1", "L.ready.C1", "R.fee", "L.suspense", "A.recv.creditor.1"]


@given(st.lists(st.tuples(st.sampled_from(_NAMES), st.sampled_from(_NAMES), st.integers(-300, 300)), max_size=25))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_cached_balances_are_the_sum_of_postings(at, moves):
    with transaction.atomic():
        for index, (debit, credit, minor) in enumerate(moves):
            try:
                ledger.post(key=f"k{index}", kind="30", at=at, currency="USD", lines=[(debit, minor), (credit, -minor)])
            except (EntryRefused, Overdrawn):
                pass
        for row in Balance.objects.annotate(total=Sum("postings__amount")):
            assert row.amount == (row.total or 0)
            assert not row.floor_zero or row.amount * row.normal >= 0
        assert (Balance.objects.aggregate(total=Sum("amount"))["total"] or 0) == 0
        transaction.set_rollback(True)
