"""A masked call: two legs, and the provider's events about them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Collector
from calling.models.mask import MaskNumber
from compliance.models import Permit
from marketplace.models import Case, Claim, ContactPoint


class Call(models.Model):
    """One masked call, collector first. A collector has at most one call whose result is not recorded yet.

    `result_at` is the wrap-up; `idem_key` makes a double tap one call.
    """

    class Ended(models.TextChoices):
        BRIDGED = "bridged", _("Both spoke")
        NOT_BRIDGED = "not_bridged", _("Did not get through")
        REFUSED = "refused", _("Not allowed any more")
        FAILED = "failed", _("Failed")

    ref = models.CharField(max_length=20, unique=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="calls")
    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="calls")
    collector = models.ForeignKey(Collector, on_delete=models.PROTECT, related_name="calls")
    direction = models.CharField(max_length=3, default="out")
    permit = models.OneToOneField(Permit, on_delete=models.PROTECT, related_name="call")
    mask = models.ForeignKey(MaskNumber, on_delete=models.PROTECT, related_name="calls")
    idem_key = models.CharField(max_length=80, unique=True)
    requested_at = models.DateTimeField()
    bridged_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_as = models.CharField(max_length=12, choices=Ended, default="", blank=True)
    result_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["collector"], condition=Q(result_at__isnull=True), name="one_call_without_result_a_collector"
            ),
        ]
        indexes = [models.Index(fields=["case", "-requested_at"], name="call_case_newest")]

    def __str__(self) -> str:
        return self.ref


class Leg(models.Model):
    """One side of a call. `token` is the opaque, single-use name in callback paths; `sid` the provider's."""

    class Role(models.TextChoices):
        COLLECTOR = "collector", _("Collector")
        DEBTOR = "debtor", _("Debtor")

    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="legs")
    role = models.CharField(max_length=9, choices=Role)
    token = models.CharField(max_length=60, unique=True)
    sid = models.CharField(max_length=60, unique=True, null=True)
    contact_point = models.ForeignKey(ContactPoint, null=True, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=12, default="requested")
    rank = models.PositiveSmallIntegerField(default=0)
    seq = models.IntegerField(default=-1)
    duration_s = models.PositiveIntegerField(default=0)
    digits = models.CharField(max_length=10, default="", blank=True)
    flow_fetched_at = models.DateTimeField(null=True)
    deadline_at = models.DateTimeField(null=True)
    terminal_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["call", "role"], name="one_leg_a_role")]
        indexes = [models.Index(fields=["deadline_at"], condition=Q(terminal_at__isnull=True), name="leg_to_reconcile")]

    def __str__(self) -> str:
        return f"{self.role} leg of {self.call_id}"


class CallEvent(models.Model):
    """One provider event, kept once by its key. Append-only; `detail` never holds a number."""

    key = models.CharField(max_length=64, unique=True)
    leg = models.ForeignKey(Leg, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(max_length=16)
    state = models.CharField(max_length=12)
    seq = models.IntegerField(default=-1)
    duration_s = models.PositiveIntegerField(default=0)
    detail = models.JSONField(default=dict)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.kind} {self.state}"
