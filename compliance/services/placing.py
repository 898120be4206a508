"""Placement as callers use it: staging and chunks from the market, with the holds that a row's flags ask for."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from compliance.services.holds import open_hold
from marketplace import states
from marketplace.models import Batch, Programme
from marketplace.placement import flags
from marketplace.services.placement import Placed, commit_chunk, finish
from marketplace.services.staging import stage_file

# What the creditor's own flag on a row means for contact from the first minute on.
_HOLDS: dict[str, tuple[str, dict[str, str]]] = {
    flags.DISPUTED: ("DISPUTE", {"said_by": "creditor"}),
    flags.REPRESENTED: ("REPRESENTED", {}),
    flags.HARDSHIP: ("HARDSHIP_REVIEW", {}),
    flags.CEASE: ("CEASE", {"form": "mail"}),
    flags.MINOR: ("MINOR", {}),
    flags.IDENTITY_THEFT: ("ID_THEFT", {}),
    flags.VULNERABLE: ("VULNERABLE", {}),
}


def place_file(
    *, programme: Programme, data: bytes, filename: str, as_of: date, actor: str, at: datetime, dry_run: bool = False,
    idempotency_key: str | None = None,
) -> Batch:  # fmt: skip
    """Place a creditor's file: every row gets one verdict, accepted rows become cases with their flags' holds.

    Args: as_of the day on which ages and statutes are judged; dry_run judges and stores, and makes no case. A run that
    was cut off is taken up where it stopped by calling again with the same bytes. Returns the batch (COMMITTED,
    CHECKED or REFUSED). Raises PlacementKeyReused, FileTooLarge.
    """
    batch = stage_file(
        programme=programme, data=data, filename=filename, as_of=as_of, dry_run=dry_run, actor=actor, at=at,
        idempotency_key=idempotency_key,
    )  # fmt: skip
    if dry_run or batch.state != states.JUDGED:
        return batch
    return commit_batch(batch=batch, actor=actor, at=at)


def commit_batch(*, batch: Batch, actor: str, at: datetime) -> Batch:
    """Commit a judged batch chunk by chunk; each chunk's cases and holds stand or fall together."""
    while True:
        with transaction.atomic():
            placed = commit_chunk(batch=batch, at=at)
            if placed is None:
                break
            _open_flag_holds(placed, actor=actor, at=at)
    return finish(batch=batch, actor=actor, at=at)


def _open_flag_holds(placed: list[Placed], *, actor: str, at: datetime) -> None:
    for one in placed:
        for flag in one.flags:
            if flag in _HOLDS:
                reason, detail = _HOLDS[flag]
                open_hold(
                    reason=reason, case=one.case, detail=dict(detail), actor=actor, at=at,
                    evidence=f"placement {one.case.batch_id}",
                )  # fmt: skip
