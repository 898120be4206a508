from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from marketplace.models import Case


class ValidationNotice(models.Model):
    """The notice of 12 CFR 1006.34 as sent: content sealed under the creditor's key, its hash, and its dates.

    `period_ends_on` is computed once, stored and printed. Frozen but for the print queue's columns.
    """

    class Delivery(models.TextChoices):
        POST = "post", _("Post")
        EMAIL = "email", _("E-mail")

    ref = models.CharField(max_length=20, unique=True)
    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="notice")
    language = models.CharField(max_length=10)
    delivery = models.CharField(max_length=6, choices=Delivery)
    content_sealed = models.BinaryField()
    content_sha256 = models.BinaryField(max_length=32)
    sent_at = models.DateTimeField()
    assumed_received_on = models.DateField()
    period_ends_on = models.DateField()
    print_date = models.DateField(null=True, help_text=_("The day's print file it belongs to"))
    printed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["print_date"], name="notice_print_queue")]

    def __str__(self) -> str:
        return self.ref
