from __future__ import annotations

from django.db import models


class SentMail(models.Model):
    """A mail the demo would have sent; shown on the mailbox page and nowhere else."""

    sent_at = models.DateTimeField()
    recipient = models.CharField(max_length=254)
    subject = models.CharField(max_length=300)
    body_text = models.TextField()
    body_html = models.TextField(default="", blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.subject
