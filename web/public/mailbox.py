"""The demo's mail: kept in the database and shown on the mailbox page, never sent."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.message import EmailMessage

from core import clock
from core.models import SentMail


class MailboxBackend(BaseEmailBackend):
    """EMAIL_BACKEND of the demo: one row for each recipient of each message."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Store the messages; returns how many messages were taken."""
        at = clock.now()
        SentMail.objects.bulk_create(
            SentMail(
                sent_at=at,
                recipient=recipient,
                subject=str(message.subject),
                body_text=str(message.body),
                body_html=_html(message),
            )
            for message in email_messages
            for recipient in message.recipients()
        )
        return len(email_messages)


def _html(message: EmailMessage) -> str:
    if not isinstance(message, EmailMultiAlternatives):
        return ""
    return next((str(content) for content, kind in message.alternatives if kind == "text/html"), "")
