"""The raw contact log of every channel: what went out with a permit, how it ended, and what came in.

Facts only. Whether something counts is each pack's own question; "counted" is never stored.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from compliance.models.decision import Permit
from marketplace.models import Case, Person


class ContactAttempt(models.Model):
    """One outgoing contact, written when it leaves. It has exactly one permit, used once. Append-only.

    `debt_refs` are the debts it is about ("debt:ID"); `number_hash` is the keyed hash of the number dialled.
    """

    permit = models.OneToOneField(Permit, on_delete=models.PROTECT, related_name="attempt")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="attempts")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="attempts")
    channel = models.CharField(max_length=12)
    at = models.DateTimeField()
    debt_refs = ArrayField(models.CharField(max_length=40))
    number_hash = models.BinaryField(max_length=32, null=True)
    numkind = models.CharField(max_length=10, default="", blank=True)
    collector_ref = models.CharField(max_length=20, default="", blank=True)
    requested_by_debtor = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index(fields=["person", "-at"], name="attempt_person_newest"),
            models.Index(fields=["case", "-at"], name="attempt_case_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.at:%Y-%m-%d %H:%M}"


class AttemptOutcome(models.Model):
    """How an attempt ended, as far as known at `at`; the newest row speaks. Append-only.

    `outcome` is a word of the log vocabulary (answered, no_answer, voicemail, dropped, busy, not_in_service, ...).
    """

    attempt = models.ForeignKey(ContactAttempt, on_delete=models.PROTECT, related_name="outcomes")
    at = models.DateTimeField()
    outcome = models.CharField(max_length=16)
    answered_by = models.CharField(max_length=16, default="", blank=True)
    is_conversation = models.BooleanField(default=False)
    debt_refs = ArrayField(models.CharField(max_length=40), null=True)
    carrier_cause = models.CharField(max_length=40, default="", blank=True)
    source = models.CharField(max_length=12)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.attempt_id} {self.outcome}"


class SlotRelease(models.Model):
    """The reserved slot given back because the carrier never connected; once an attempt, by its key. Append-only."""

    attempt = models.OneToOneField(ContactAttempt, primary_key=True, on_delete=models.PROTECT, related_name="release")
    reason = models.CharField(max_length=16)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.attempt_id} {self.reason}"


class InboundContact(models.Model):
    """A contact the debtor started: a fact for cool-downs and replies; needs no permit. Append-only."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="inbound_contacts")
    case = models.ForeignKey(Case, null=True, on_delete=models.PROTECT, related_name="inbound_contacts")
    channel = models.CharField(max_length=12)
    at = models.DateTimeField()
    outcome = models.CharField(max_length=16)
    debt_refs = ArrayField(models.CharField(max_length=40))
    number_hash = models.BinaryField(max_length=32, null=True)

    class Meta:
        indexes = [models.Index(fields=["person", "-at"], name="inbound_person_newest")]

    def __str__(self) -> str:
        return f"{self.channel} in {self.at:%Y-%m-%d %H:%M}"
