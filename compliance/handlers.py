"""What compliance does after others' events."""

from __future__ import annotations

from core import events
from core.models import Event
from marketplace.models import Case


def register() -> None:
    """Take up the handlers; called once when the app is ready."""
    events.on("claim.ended", "case.reopened", handler="compliance.keep_held_off_board", run=keep_held_off_board)


def keep_held_off_board(event: Event) -> None:
    """A case that comes back to the board while a hold stands is paused; the market itself knows nothing of holds."""
    from compliance.services.claiming import pause_if_held

    case = Case.objects.filter(ref=event.stream.removeprefix("case:")).first()
    if case is not None:
        pause_if_held(case=case, actor="system", at=event.at)
