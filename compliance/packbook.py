"""The packs in force: loaded once a process, chosen by programme, and kept as a row when a decision uses them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from functools import lru_cache

from compliance.models import PackVersion
from compliance.policies.packs import ENFORCING, PACKS_DIR, Pack, load_packs, select_packs
from marketplace.models import Case

HOUSE = "HOUSE"


_asked_only: ContextVar[frozenset[str] | None] = ContextVar("asked_only", default=None)


@contextmanager
def only_packs(names: Iterable[str]) -> Iterator[None]:
    """Judge by exactly these packs. For conformance cases, each of which names the law it asks about; their rows are
    rolled back. A test refuses any other caller, since leaving HOUSE out is nobody's right."""
    token = _asked_only.set(frozenset(names))
    try:
        yield
    finally:
        _asked_only.reset(token)


@lru_cache(maxsize=1)
def _loaded() -> dict[str, Pack]:
    return load_packs(PACKS_DIR)


def reload_packs() -> None:
    """Forget what was loaded, so that an edited pack file counts from the next decision on (conformance runs)."""
    _loaded.cache_clear()
    _chosen.cache_clear()


@lru_cache(maxsize=256)
def _chosen(names: frozenset[str]) -> tuple[Pack, ...]:
    return select_packs(_loaded(), names)


def packs_for(names: Iterable[str]) -> tuple[Pack, ...]:
    """The packs a programme names, with HOUSE, which nobody can leave out. Raises KeyError for an unknown one."""
    return _chosen(_asked_only.get() or frozenset({HOUSE, *names}))


def packs_in_force(case: Case) -> tuple[Pack, ...]:
    """The packs that bind a contact on this case: its programme's, HOUSE, and the law of where the debtor lives.

    Leaving the law of the place out of a programme's list does not lift it. A draft or a pack in shadow binds nobody. A
    pack that binds does so whatever the date says, so that a wrong clock never switches the law off. Raises KeyError
    for a pack that is not loaded.
    """
    if _asked_only.get():
        return packs_for(())
    country = case.debtor.country
    local = {pack.pack_id for pack in _loaded().values() if country in pack.countries}
    return tuple(pack for pack in packs_for({*case.programme.pack_ids, *local}) if pack.status == ENFORCING)


def remember(packs: Iterable[Pack], *, at: datetime) -> list[list[str]]:
    """Keep each pack's text the first time a decision uses it; returns [id, version, digest] of each."""
    used = [[pack.pack_id, str(pack.version), pack.digest] for pack in packs]
    for pack_id, version, digest in used:
        _remember_once(pack_id, version, digest, at)
    return used


def _remember_once(pack_id: str, version: str, digest: str, at: datetime) -> None:
    if PackVersion.objects.filter(pack_id=pack_id, sha256=digest).exists():
        return
    path = next(path for path in PACKS_DIR.glob("*.toml") if tomllib.loads(path.read_text())["pack_id"] == pack_id)
    PackVersion.objects.bulk_create(
        [
            PackVersion(
                pack_id=pack_id, version=version, sha256=digest, body={"toml": path.read_text()}, first_used_at=at
            )
        ],
        ignore_conflicts=True,
    )
