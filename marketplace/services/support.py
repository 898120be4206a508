"""Support: one tap opens a ticket that carries its context; its opener and the staff answer each other."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.errors import BadInput, NotFound
from core.events import record
from core.ids import new_ref
from marketplace import states
from marketplace.errors import KeyReused, WrongState
from marketplace.models import Case, SupportMessage, SupportTicket

TOPICS: dict[str, Any] = {
    "call": _("A call did not work"),
    "rule": _("I do not understand a refusal"),
    "money": _("My earnings look wrong"),
    "debtor": _("I am worried about the person"),
    "creditor": _("The creditor should know something"),
    "other": _("Something else"),
}


def open_ticket(
    *, user: User, case: Case | None, topic: str, text: str, actor: str, at: datetime,
    context: dict[str, Any] | None = None, idem_key: str | None = None,
) -> SupportTicket:  # fmt: skip
    """Open a ticket with its first message. `context` holds references only: decision, call.

    The same `idem_key` from the same user returns the first ticket. Raises BadInput for an unknown topic or no words,
    KeyReused when the key is somebody else's.
    """
    if topic not in TOPICS:
        raise BadInput(field="topic", reason=_("Choose what this is about."))
    _needs_words(text)
    try:
        with transaction.atomic():
            ticket = SupportTicket.objects.create(
                ref=new_ref("S"), opened_by=user, case=case, topic=topic, context=context or {}, idem_key=idem_key,
                opened_at=at,
            )  # fmt: skip
            SupportMessage.objects.create(ticket=ticket, author=user, text=text.strip(), at=at)
            _tell(ticket, "ticket.opened", actor=actor, at=at)
    except IntegrityError:
        return _earlier(idem_key, user)
    return ticket


def _earlier(idem_key: str | None, user: User) -> SupportTicket:
    earlier = SupportTicket.objects.filter(idem_key=idem_key).first() if idem_key else None
    if earlier is None or earlier.opened_by_id != user.pk:
        raise KeyReused()
    return earlier


def _needs_words(text: str) -> None:
    if not text.strip():
        raise BadInput(field="text", reason=_("Write what happened, in a few words."))


def _tell(ticket: SupportTicket, name: str, *, actor: str, at: datetime) -> None:
    case = ticket.case
    record(
        name=name, stream=case.stream if case else f"ticket:{ticket.ref}", actor=actor, at=at,
        data={"ticket": ticket.ref, "topic": ticket.topic},
    )  # fmt: skip


def reply(*, ticket: SupportTicket, author: User, text: str, actor: str, at: datetime) -> SupportMessage:
    """Answer a ticket: staff answers it, its opener asks again. NotFound for others, WrongState once closed."""
    _needs_words(text)
    if not author.is_staff and author.pk != ticket.opened_by_id:
        raise NotFound()
    is_staff = author.pk != ticket.opened_by_id
    with transaction.atomic():
        locked = SupportTicket.objects.select_for_update(of=("self",)).select_related("case").get(pk=ticket.pk)
        if locked.state == states.TICKET_CLOSED:
            raise WrongState(state=locked.get_state_display())
        locked.state = states.TICKET_ANSWERED if is_staff else states.TICKET_OPEN
        locked.save(update_fields=["state"])
        message = SupportMessage.objects.create(
            ticket=locked, author=author, is_staff=is_staff, text=text.strip(), at=at
        )  # fmt: skip
        if is_staff:
            _tell(locked, "ticket.answered", actor=actor, at=at)
    return message


def close_ticket(*, ticket: SupportTicket, user: User, at: datetime) -> SupportTicket:
    """Close a ticket. Raises NotFound unless the user opened it or is staff, WrongState when it is closed."""
    if not user.is_staff and user.pk != ticket.opened_by_id:
        raise NotFound()
    still = SupportTicket.objects.filter(pk=ticket.pk).exclude(state=states.TICKET_CLOSED)
    if not still.update(state=states.TICKET_CLOSED, closed_at=at):
        raise WrongState(state=ticket.get_state_display())
    ticket.refresh_from_db()
    return ticket
