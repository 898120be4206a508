"""Which consents lift a rule at an instant. Shared by the time and frequency kinds; not a kind of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, tzinfo

from compliance.policies.facts import Consent
from compliance.policies.question import Params, Question

Covers = Callable[[Question, datetime, str | None, tzinfo], bool]
"""Does a consent cover a contact at this instant about this debt (None: about none in particular), by local days?"""


def build(params: Params) -> Covers:
    """`kind`: of consent. `given_to`: who must have received it (absent in the facts means us). `must_be_ok`: it is
    known to have been given in an allowed contact. `max_days`: it ends after so many local days, its own being the
    first. `ended_by`: channels and outcomes of the conversation that uses it up.
    """
    kind, receivers, must_be_ok = params["kind"], frozenset(params["given_to"]), params.get("must_be_ok", False)
    max_days, ended_by = params.get("max_days"), params.get("ended_by")

    def valid(consent: Consent, question: Question) -> bool:
        return (
            consent.kind == kind
            and consent.person == question.person
            and (consent.given_to is None or consent.given_to in receivers)
            and (consent.given_ok is True if must_be_ok else consent.given_ok is not False)
            and (max_days is None or consent.at is not None)
        )

    def covers(question: Question, at: datetime, debt: str | None, zone: tzinfo) -> bool:
        return any(
            valid(consent, question)
            and _for_debt(consent, question, debt)
            and _in_time(consent, at, zone, max_days)
            and not (ended_by and _used_up(consent, question, at, debt, ended_by))
            for consent in question.facts.consents
        )

    return covers


def _for_debt(consent: Consent, question: Question, debt: str | None) -> bool:
    if not consent.debts:
        return True
    named = question.grouped(consent.debts)
    return debt in named if debt is not None else bool(question.debts) and question.debts <= named


def _in_time(consent: Consent, at: datetime, zone: tzinfo, max_days: int | None) -> bool:
    if consent.revoked_at is not None and consent.revoked_at <= at:
        return False
    if consent.at is None:
        return True
    if consent.at > at:
        return False
    spans: Sequence[int] = [days for days in (consent.days, max_days) if days is not None]
    if not spans:
        return True
    return at.astimezone(zone).date() < consent.at.astimezone(zone).date() + timedelta(days=min(spans))


def _used_up(consent: Consent, question: Question, at: datetime, debt: str | None, ended_by: Params) -> bool:
    return any(
        consent.at is not None
        and consent.at < entry.at < at
        and entry.person == question.person
        and entry.channel in ended_by["channels"]
        and entry.outcome in ended_by["outcomes"]
        and (debt is None or not debts or debt in debts)
        for entry, debts in zip(question.log, question.entry_debts, strict=True)
    )
