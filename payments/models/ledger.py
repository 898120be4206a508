"""The ledger: one INSERT of a journal entry; a trigger expands, checks and applies it (payments/ledger_sql.py)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class Balance(models.Model):
    """An account and its cached balance in minor units, debit positive. Changed only by the entry trigger.

    `normal` is +1 for assets and expenses, -1 for liabilities and income; `floor_zero` accounts never cross zero.
    """

    name = models.CharField(max_length=80)
    currency = models.CharField(max_length=3)
    book = models.CharField(max_length=4, default="cash")
    normal = models.SmallIntegerField()
    floor_zero = models.BooleanField(default=True)
    amount = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["name", "currency"], name="balance_account_once"),
            models.CheckConstraint(
                condition=Q(floor_zero=False) | Q(normal=1, amount__gte=0) | Q(normal=-1, amount__lte=0),
                name="balance_not_overdrawn",
            ),
            models.CheckConstraint(condition=Q(normal__in=[1, -1]), name="balance_normal_side"),
            models.CheckConstraint(condition=Q(book__in=["cash", "memo"]), name="balance_book"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.currency}"


class JournalEntry(models.Model):
    """One balanced entry. `lines` is [{"account", "currency", "amount"}], debit positive; `key` makes it happen once.

    Append-only. `reverses` points at the entry this one takes back, at most once.
    """

    key = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=8)
    book = models.CharField(max_length=4, default="cash")
    at = models.DateTimeField()
    lines = models.JSONField()
    request_hash = models.BinaryField(max_length=32)
    reverses = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="reversed_by")
    case_ref = models.CharField(max_length=20, default="", blank=True)
    claim_ref = models.CharField(max_length=20, default="", blank=True)
    recorded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "journal entries"
        constraints = [models.CheckConstraint(condition=Q(book__in=["cash", "memo"]), name="entry_book")]
        indexes = [models.Index(fields=["claim_ref"], condition=~Q(claim_ref=""), name="entry_claim")]

    def __str__(self) -> str:
        return self.key


class Posting(models.Model):
    """One line of an entry as it reached an account. Written only by the entry trigger; append-only."""

    entry = models.ForeignKey(JournalEntry, on_delete=models.PROTECT, related_name="postings")
    account = models.ForeignKey(Balance, on_delete=models.PROTECT, related_name="postings")
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField()
    balance_after = models.BigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(amount=0), name="posting_not_zero")]
        indexes = [models.Index(F("account"), F("id").desc(), name="posting_account_newest")]

    def __str__(self) -> str:
        return f"{self.entry_id}: {self.amount}"
