"""Holds, preferences and consents: what a person said and what we know, each with its source and evidence."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import CreditorOrg
from marketplace.models import Case, Person

REASONS = [
    ("DISPUTE", _("Dispute")), ("CEASE", _("Asked to stop")), ("REPRESENTED", _("Has a lawyer")),
    ("BANKRUPT", _("Bankruptcy")), ("DECEASED", _("Deceased")), ("MINOR", _("Under age")),
    ("ID_THEFT", _("Identity theft")), ("VULNERABLE", _("Vulnerable")), ("BREATHING_SPACE", _("Breathing space")),
    ("COMPLAINT", _("Complaint")), ("HARDSHIP_REVIEW", _("Hardship")), ("CREDITOR_STOP", _("Creditor's stop")),
    ("STALE_LEDGER", _("Ledger out of date")), ("NOTICE_PERIOD", _("Notice period")), ("ADMIN", _("Administrator")),
]  # fmt: skip


class Hold(models.Model):
    """An overlay that stops contact on a case, or with a person across creditors, while it covers the moment.

    Holds stack; closing one leaves the others. `detail` carries the facts of the reason (for CEASE its form, for
    REPRESENTED whether the lawyer consents or does not answer, for BANKRUPT whether discharged).
    """

    class Scope(models.TextChoices):
        CASE = "case", _("Case")
        PERSON = "person", _("Person")

    scope = models.CharField(max_length=6, choices=Scope)
    case = models.ForeignKey(Case, null=True, blank=True, on_delete=models.PROTECT, related_name="holds")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="holds")
    reason = models.CharField(max_length=16, choices=REASONS)
    detail = models.JSONField(default=dict, blank=True)
    from_at = models.DateTimeField()
    to_at = models.DateTimeField(null=True, blank=True)
    opened_by = models.CharField(max_length=80)
    opened_at = models.DateTimeField()
    evidence = models.CharField(max_length=200, default="", blank=True)
    closed_by = models.CharField(max_length=80, default="", blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    close_reason = models.CharField(max_length=200, default="", blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(scope="case", case__isnull=False) | Q(scope="person"), name="hold_scope_has_case"
            ),
            models.CheckConstraint(condition=Q(to_at__isnull=True) | Q(to_at__gt=F("from_at")), name="hold_period"),
            models.CheckConstraint(
                condition=Q(scope="person") | ~Q(reason__in=["DECEASED", "BANKRUPT", "VULNERABLE", "CEASE"]),
                name="hold_person_reasons",
            ),
        ]
        indexes = [
            models.Index(fields=["person"], condition=Q(closed_at__isnull=True), name="hold_open_person"),
            models.Index(fields=["case"], condition=Q(closed_at__isnull=True), name="hold_open_case"),
        ]

    def __str__(self) -> str:
        return f"{self.reason} ({self.scope})"


class Preference(models.Model):
    """What a person told us about when, where and how: a medium opted out of, a bad time or place, an e-mail's basis.

    `kind` names a fact of the gate's vocabulary; `detail` its parameters. Lifted, never deleted.
    """

    class Kind(models.TextChoices):
        MEDIUM_OPT_OUT = "media_opt_out", _("Does not want this medium")
        INCONVENIENT_TIME = "inconvenient_times", _("Inconvenient time")
        INCONVENIENT_PLACE = "inconvenient_places", _("Inconvenient place")
        EMPLOYER_PROHIBITS = "employer_prohibits", _("Employer forbids it")
        BASIS = "basis", _("Basis for an address")

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="preferences")
    kind = models.CharField(max_length=20, choices=Kind)
    detail = models.JSONField(default=dict, blank=True)
    set_by = models.CharField(max_length=80)
    set_at = models.DateTimeField()
    lifted_by = models.CharField(max_length=80, default="", blank=True)
    lifted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["person"], condition=Q(lifted_at__isnull=True), name="preference_standing")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.person_id}"


class Consent(models.Model):
    """A consent given by the person: what for, when, how long, to whom, for which debts."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="consents")
    kind = models.CharField(max_length=12)
    at = models.DateTimeField()
    days = models.PositiveSmallIntegerField(null=True)
    debt_refs = ArrayField(models.CharField(max_length=40), null=True)
    given_to = models.CharField(max_length=40, default="", blank=True)
    is_compliant = models.BooleanField(null=True)
    org = models.ForeignKey(CreditorOrg, null=True, on_delete=models.PROTECT, related_name="+")
    revoked_at = models.DateTimeField(null=True)
    evidence = models.CharField(max_length=200, default="", blank=True)

    def __str__(self) -> str:
        return f"{self.kind} consent of {self.person_id}"
