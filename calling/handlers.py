"""What calling does after others' events: masks rest when a claim ends, running calls stop when a hold opens."""

from __future__ import annotations

from calling import dialler
from calling.models import Call, Leg
from calling.services.masks import quarantine_masks
from core import events
from core.models import Event

# Ends of a claim that end its calls too; a lease that simply ran out lets the talk go on.
_ENDS_CALLS = frozenset({"revoke_conduct", "case_closed", "recall"})


def register() -> None:
    """Take up the handlers; called once when the app is ready."""
    events.on("claim.ended", handler="calling.rest_masks", run=rest_masks)
    events.on("claim.ended", "hold.opened", handler="calling.stop_running", run=stop_running)


def rest_masks(event: Event) -> None:
    """The masks of an ended claim go into quarantine."""
    quarantine_masks(claim_ref=str(event.data.get("claim", "")), at=event.at)


def stop_running(event: Event) -> None:
    """End the calls of the case that still run. A person who has just pressed 9 hears the answer to that first."""
    if event.name == "claim.ended" and event.data.get("event") not in _ENDS_CALLS:
        return
    running = Call.objects.filter(case__ref=event.stream.removeprefix("case:"), ended_at__isnull=True)
    for call in running:
        if not Leg.objects.filter(call=call, role=Leg.Role.DEBTOR, digits="9").exists():
            dialler.hang_up(call=call)
