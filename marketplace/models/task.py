from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from marketplace import states
from marketplace.models.case import Case


class Task(models.Model):
    """The paid work offered on a case. Only OPEN tasks are on the board, and the board shows bands only.

    A listed task has a notice and a funding reference: both are NOT NULL, so nothing can be listed without them.
    `amount_band` and `delinquency_date` feed the bands; the exact balance never leaves the case.
    """

    class Kind(models.TextChoices):
        COLLECT = "COLLECT", _("Collect")
        VISIT = "VISIT", _("Visit")
        VERIFY = "VERIFY", _("Verify")

    class Pause(models.TextChoices):
        LOW_FLOAT = "low_float", _("The creditor's float is below its floor")
        FLAGS = "flags", _("Three collectors flagged this listing")
        CREDITOR_STOP = "creditor_stop", _("The creditor stopped work")
        HOLD = "hold", _("Contact is on hold")
        STALE_LEDGER = "stale_ledger", _("The creditor's ledger is out of date")

    ref = models.CharField(max_length=20, unique=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="tasks")
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.COLLECT)
    state = models.CharField(max_length=10, choices=states.choices(states.TASK), default=states.OPEN)
    pause_reason = models.CharField(max_length=14, choices=Pause, default="", blank=True)
    notice_ref = models.CharField(max_length=40)
    funding_ref = models.CharField(max_length=40)
    country = models.CharField(max_length=2)
    region = models.CharField(max_length=64)
    area = models.CharField(max_length=80)
    currency = models.CharField(max_length=3)
    amount_band = models.PositiveSmallIntegerField()
    delinquency_date = models.DateField()
    language = models.CharField(max_length=10)
    product = models.CharField(max_length=60)
    rate_bps = models.PositiveIntegerField(help_text=_("Collector's part of recovered principal and interest"))
    board_text = SearchVectorField(null=True)
    listed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case", "kind"],
                condition=Q(state__in=["OPEN", "PAUSED", "CLAIMED"]),
                name="one_live_task_a_case_and_kind",
            ),
            models.CheckConstraint(
                condition=Q(state="PAUSED") & ~Q(pause_reason="") | ~Q(state="PAUSED") & Q(pause_reason=""),
                name="task_pause_has_reason",
            ),
            models.CheckConstraint(condition=~Q(notice_ref="") & ~Q(funding_ref=""), name="task_notice_and_funding"),
        ]
        indexes = [
            models.Index(fields=["-listed_at", "-id"], condition=Q(state="OPEN"), name="board_newest"),
            models.Index(fields=["-rate_bps", "-id"], condition=Q(state="OPEN"), name="board_rate"),
            models.Index(fields=["-amount_band", "-id"], condition=Q(state="OPEN"), name="board_amount"),
            models.Index(
                fields=["region", "area", "amount_band", "delinquency_date"],
                condition=Q(state="OPEN"),
                name="board_place",
            ),
            models.Index(fields=["delinquency_date", "id"], condition=Q(state="OPEN"), name="board_age"),
            GinIndex(fields=["board_text"], name="board_words"),
        ]

    def __str__(self) -> str:
        return self.ref
