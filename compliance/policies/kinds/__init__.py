"""The kinds of rule. A kind is code without numbers: ids, limits, channels and exemptions come from the pack."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from compliance.policies.kinds import (
    address_basis,
    contact_once,
    cooldown,
    designated,
    disclosure,
    gap,
    medium_optout,
    place,
    precondition,
    rolling_count,
    stop_flag,
    third_party,
    unknown_zone,
    window,
)
from compliance.policies.question import Check, Params, Tell

CHECKS: Mapping[str, Callable[[Params], Check]] = {
    "unknown_zone": unknown_zone.build,
    "stop_flag": stop_flag.build,
    "medium_optout": medium_optout.build,
    "third_party": third_party.build,
    "contact_once": contact_once.build,
    "precondition": precondition.build,
    "place": place.build,
    "optout_period": address_basis.build_optout_period,
    "prior_use": address_basis.build_prior_use,
    "fresh_basis": address_basis.build_fresh_basis,
    "window": window.build,
    "designated": designated.build,
    "rolling_count": rolling_count.build,
    "cooldown": cooldown.build,
    "gap": gap.build,
}
"""Kinds that can refuse a contact."""

TELLS: Mapping[str, Callable[[Params], Tell]] = {"disclosure": disclosure.build}
"""Kinds that add something to be said."""

REFERENCE = frozenset({"message_content", "validation_period"})
"""Kinds read by other operations than a contact (`disclose`, `validation`)."""
