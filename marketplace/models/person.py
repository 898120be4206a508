"""Who is contacted, as whose customer, and where. No third-party contact exists in this schema."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import CreditorOrg


class Person(models.Model):
    """A human across creditors: joined only when normalised name, phone and region all agree (`identity_hash`)."""

    ref = models.CharField(max_length=20, unique=True)
    identity_hash = models.BinaryField(max_length=32, unique=True)
    region = models.CharField(max_length=64)
    country = models.CharField(max_length=2)

    def __str__(self) -> str:
        return self.ref


class Debtor(models.Model):
    """A person as one creditor's customer. `key` is the customer reference, else the account's.

    `zones_address` are the candidate time zones of the address; `address_sealed` is JSON with street, city,
    postal_code, latitude, longitude under the creditor's key.
    """

    org = models.ForeignKey(CreditorOrg, on_delete=models.PROTECT, related_name="debtors")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="debtors")
    key = models.CharField(max_length=80)
    name = models.CharField(max_length=200)
    language = models.CharField(max_length=10, default="en")
    country = models.CharField(max_length=2)
    region = models.CharField(max_length=64)
    city = models.CharField(max_length=80, default="", blank=True)
    zones_address = ArrayField(models.CharField(max_length=40), default=list)
    address_sealed = models.BinaryField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["org", "key"], name="debtor_key_once")]

    def __str__(self) -> str:
        return f"{self.key}"

    @property
    def short_name(self) -> str:
        """First name and last initial, the most a list shows to the collector who holds the case."""
        parts = self.name.split()
        return f"{parts[0]} {parts[-1][0]}." if len(parts) > 1 else self.name


class ContactPoint(models.Model):
    """A debtor's own number or address, sealed under the creditor's key with a keyed hash for look-up.

    A number given for one creditor is not available to another (purpose limitation), so it hangs on the debtor.
    """

    class Kind(models.TextChoices):
        PHONE = "phone", _("Phone")
        EMAIL = "email", _("E-mail")

    class Source(models.TextChoices):
        CREDITOR = "creditor", _("Creditor")
        DEBTOR = "debtor", _("Debtor")

    debtor = models.ForeignKey(Debtor, on_delete=models.PROTECT, related_name="contact_points")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="contact_points")
    kind = models.CharField(max_length=6, choices=Kind)
    sealed = models.BinaryField()
    hash = models.BinaryField(max_length=32)
    zones = ArrayField(models.CharField(max_length=40), default=list)
    numkind = models.CharField(max_length=10, default="", blank=True)
    source = models.CharField(max_length=8, choices=Source, default=Source.CREDITOR)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["debtor", "kind", "hash"], name="contact_point_once"),
            models.CheckConstraint(condition=Q(source__in=["creditor", "debtor"]), name="contact_point_source"),
            models.CheckConstraint(condition=Q(kind__in=["phone", "email"]), name="contact_point_kind"),
        ]
        indexes = [models.Index(fields=["hash"], name="contact_point_hash")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.debtor_id}"


class NumberStanding(models.Model):
    """The standing of one number for one person, across creditors: wrong or stop. No row means ok.

    A number marked wrong for a person is never dialled again for that person.
    """

    class Standing(models.TextChoices):
        WRONG = "wrong", _("Somebody else's")
        STOP = "stop", _("Asked to stop")

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="standings")
    hash = models.BinaryField(max_length=32)
    standing = models.CharField(max_length=6, choices=Standing)
    since = models.DateTimeField()
    set_by = models.CharField(max_length=80)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "hash"], name="number_standing_once")]

    def __str__(self) -> str:
        return f"{self.standing} for {self.person_id}"
