"""A creditor organisation, who belongs to it, and the tokens of its systems."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.user import User


class CreditorOrg(models.Model):
    """A creditor. `key_id` names the encryption key of its debtors' contact data."""

    slug = models.SlugField(unique=True, max_length=60)
    name = models.CharField(max_length=120)
    legal_name = models.CharField(max_length=200, default="", blank=True)
    country = models.CharField(max_length=2, default="US")
    postal_address = models.TextField(default="", blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def key_id(self) -> str:
        return f"org:{self.pk}"


class Membership(models.Model):
    """A user's place in one organisation; rights follow the role (accounts.access)."""

    class Role(models.TextChoices):
        OWNER = "owner", _("Owner")
        OPS = "ops", _("Operations")
        FINANCE = "finance", _("Finance")
        COMPLIANCE = "compliance", _("Compliance")
        VIEWER = "viewer", _("Viewer")
        API = "api", _("API")

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    org = models.ForeignKey(CreditorOrg, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=12, choices=Role)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "org"], name="membership_once"),
            models.CheckConstraint(
                condition=models.Q(role__in=["owner", "ops", "finance", "compliance", "viewer", "api"]),
                name="membership_role_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} at {self.org} ({self.role})"


class ApiToken(models.Model):
    """A token of one creditor's system; only its keyed hash is kept, shown once on creation."""

    org = models.ForeignKey(CreditorOrg, on_delete=models.PROTECT, related_name="tokens")
    label = models.CharField(max_length=80)
    role = models.CharField(max_length=12, choices=Membership.Role, default=Membership.Role.API)
    token_hash = models.BinaryField(max_length=32, unique=True)
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.label} ({self.org})"
