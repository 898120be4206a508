"""The ledger, payments and payouts as they are: staff may read them, nobody edits them here."""

from __future__ import annotations

from django.contrib import admin

from core.admin import ReadOnly
from payments.models import (
    Accrual,
    Attribution,
    Balance,
    FakePspEvent,
    FakePspObject,
    FakePspRequest,
    JournalEntry,
    PaidStatement,
    Payment,
    Payout,
    Posting,
    PspEvent,
    Reversal,
    TopUp,
)


@admin.register(JournalEntry)
class JournalEntryAdmin(ReadOnly[JournalEntry]):
    list_display = ["id", "key", "kind", "book", "at", "case_ref"]
    list_filter = ["kind", "book"]
    search_fields = ["key", "case_ref", "claim_ref"]
    ordering = ["-id"]


@admin.register(Posting)
class PostingAdmin(ReadOnly[Posting]):
    list_display = ["id", "entry", "account", "currency", "amount", "balance_after"]
    list_select_related = ["entry", "account"]
    search_fields = ["entry__key", "account__name"]
    ordering = ["-id"]


@admin.register(Balance)
class BalanceAdmin(ReadOnly[Balance]):
    list_display = ["name", "currency", "book", "amount", "floor_zero"]
    list_filter = ["book", "currency"]
    search_fields = ["name"]
    ordering = ["name", "currency"]


@admin.register(Payment)
class PaymentAdmin(ReadOnly[Payment]):
    list_display = ["ref", "case", "amount_minor", "currency", "instrument", "state", "initiated_at", "is_late_report"]
    list_filter = ["state", "instrument", "is_late_report"]
    list_select_related = ["case"]
    search_fields = ["ref", "external_ref", "case__ref"]


@admin.register(Reversal)
class ReversalAdmin(ReadOnly[Reversal]):
    list_display = ["payment", "external_ref", "reason", "at"]
    list_select_related = ["payment"]


@admin.register(Attribution)
class AttributionAdmin(ReadOnly[Attribution]):
    list_display = ["payment", "rule", "claim", "is_house", "decided_at"]
    list_filter = ["rule"]
    list_select_related = ["payment", "claim"]


@admin.register(Accrual)
class AccrualAdmin(ReadOnly[Accrual]):
    list_display = ["ref", "kind", "case", "rule", "fee_minor", "collector_minor", "open_minor", "state", "held_until"]
    list_filter = ["state", "kind", "rule"]
    list_select_related = ["case"]
    search_fields = ["ref", "case__ref", "payment__ref"]


@admin.register(Payout)
class PayoutAdmin(ReadOnly[Payout]):
    list_display = ["ref", "collector", "amount_minor", "currency", "state", "created_at", "finished_at"]
    list_filter = ["state"]
    list_select_related = ["collector"]
    search_fields = ["ref", "psp_ref"]


@admin.register(TopUp)
class TopUpAdmin(ReadOnly[TopUp]):
    list_display = ["ref", "org", "amount_minor", "currency", "state", "requested_at", "finished_at"]
    list_filter = ["state"]
    list_select_related = ["org"]


@admin.register(PaidStatement)
class PaidStatementAdmin(ReadOnly[PaidStatement]):
    list_display = ["ref", "case", "amount_minor", "currency", "paid_on", "state"]
    list_filter = ["state"]
    list_select_related = ["case"]


@admin.register(PspEvent)
class PspEventAdmin(ReadOnly[PspEvent]):
    list_display = ["external_id", "kind", "object_ref", "received_at", "handled_at"]
    list_filter = ["kind"]


@admin.register(FakePspObject)
class FakePspObjectAdmin(ReadOnly[FakePspObject]):
    list_display = ["id", "kind", "created_at"]
    list_filter = ["kind"]
    search_fields = ["id"]


@admin.register(FakePspRequest)
class FakePspRequestAdmin(ReadOnly[FakePspRequest]):
    list_display = ["id", "method", "path", "status", "idem_key", "at"]
    list_filter = ["status"]
    search_fields = ["path", "idem_key"]


@admin.register(FakePspEvent)
class FakePspEventAdmin(ReadOnly[FakePspEvent]):
    list_display = ["id", "kind", "created_at", "delivered_at"]
    list_filter = ["kind"]
