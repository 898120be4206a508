from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import CreditorOrg
from marketplace import states
from marketplace.models.batch import Batch
from marketplace.models.debt import Debt
from marketplace.models.person import Debtor
from marketplace.models.programme import Programme

CLOSE_CODES = [
    ("PIF", _("Paid in full")), ("SIF", _("Settled in full")), ("PPA", _("Paid before placement")),
    ("LIE", _("Listed in error")), ("DEC", _("Deceased")), ("BKR", _("Bankrupt")), ("DIS", _("Not owed")),
    ("SOL", _("Time-barred")), ("VUL", _("Vulnerable")), ("CND", _("Complaint")), ("RCL", _("Recalled")),
    ("EXC", _("Exhausted, contact made")), ("EXN", _("Exhausted, no contact")), ("SKP", _("Gone away")),
    ("DUP", _("Duplicate")), ("RFD", _("Refused to deal")), ("WTH", _("Withdrawn")),
]  # fmt: skip


class Case(models.Model):
    """One debt placed with us. Holds are overlays and never change `state`; a trigger enforces states.CASE.

    `link_hash` finds the debtor's private link; `link_sealed` prints it on the notice.
    """

    ref = models.CharField(max_length=20, unique=True)
    org = models.ForeignKey(CreditorOrg, on_delete=models.PROTECT, related_name="cases")
    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="cases")
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="cases")
    debtor = models.ForeignKey(Debtor, on_delete=models.PROTECT, related_name="cases")
    debt = models.ForeignKey(Debt, on_delete=models.PROTECT, related_name="cases")
    state = models.CharField(max_length=16, choices=states.choices(states.CASE), default=states.READY)
    placed_minor = models.BigIntegerField()
    placed_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    close_code = models.CharField(max_length=3, choices=CLOSE_CODES, default="", blank=True)
    link_hash = models.BinaryField(max_length=32, unique=True)
    link_sealed = models.BinaryField()
    not_listed_reason = models.CharField(max_length=40, default="", blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["debt"], condition=~Q(state="CLOSED"), name="one_live_case_a_debt"),
            models.CheckConstraint(
                condition=Q(state="CLOSED", closed_at__isnull=False) & ~Q(close_code="")
                | ~Q(state="CLOSED") & Q(closed_at__isnull=True),
                name="case_closed_has_code",
            ),
        ]
        indexes = [
            models.Index(fields=["programme", "state"], name="case_programme_state"),
            models.Index(fields=["org", "-id"], name="case_org_newest"),
        ]

    def __str__(self) -> str:
        return self.ref

    @property
    def stream(self) -> str:
        return f"case:{self.ref}"


class Recall(models.Model):
    """The creditor takes a case back: a normal recall leaves seven local days, a compliance recall none."""

    class Kind(models.TextChoices):
        NORMAL = "normal", _("Normal")
        COMPLIANCE = "compliance", _("Compliance")

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="recalls")
    kind = models.CharField(max_length=10, choices=Kind)
    state_before = models.CharField(max_length=16)
    reason = models.CharField(max_length=200)
    notice_at = models.DateTimeField()
    final_date = models.DateField(help_text=_("Last local day on which the claim is live"))
    cancelled_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case"],
                condition=Q(cancelled_at__isnull=True, finished_at__isnull=True),
                name="one_open_recall_a_case",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} recall of {self.case_id}"
