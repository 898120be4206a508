"""Refuses an e-mail address or a number for texts that there is no good reason to use for this person and debt."""

from __future__ import annotations

from datetime import datetime, timedelta

from compliance.policies.facts import OUT
from compliance.policies.paths import reader
from compliance.policies.question import Breach, Check, Params, Question
from compliance.policies.zones import local_date, midnight

ONE_DAY = timedelta(days=1)


def build_optout_period(params: Params) -> Check:
    """`basis`, `when`: applies when the basis is this one. `notice`: path of the notice that announced the use.

    The notice must have given `min_days` to opt out, those days must be over, and the address must be at a public
    domain if `public_domain` is true.
    """
    basis, notice = reader(params["basis"]), reader(params["notice"])
    when, min_days, public = params["when"], params["min_days"], params["public_domain"]

    def check(question: Question, at: datetime) -> Breach | None:
        if basis(question.facts) != when:
            return None
        given = notice(question.facts)
        if given is None or given.sent_at is None or (given.opt_out_days or 0) < min_days:
            return Breach()
        if public and not given.public_domain:
            return Breach()
        opens = [
            midnight(local_date(given.sent_at, zone) + timedelta(days=given.opt_out_days) + ONE_DAY, zone)
            for zone in question.zones
        ]
        return Breach(max(opens)) if max(opens) > at else None

    return check


def build_prior_use(params: Params) -> Check:
    """`basis`, `when`: applies when the basis is this one. The firm that collected immediately before must itself have
    used the channel for this debt, if the log names such a firm.
    """
    basis, when = reader(params["basis"]), params["when"]

    def check(question: Question, _at: datetime) -> Breach | None:
        facts = question.facts
        if basis(facts) != when:
            return None
        earlier = [
            entry
            for entry, debts in zip(question.log, question.entry_debts, strict=True)
            if entry.collector not in (None, facts.collector)
            and entry.direction == OUT
            and (not debts or not question.debts or debts & question.debts)
        ]
        if not earlier:
            return None
        prior = earlier[-1].collector
        used = any(entry.collector == prior and entry.channel == facts.channel for entry in earlier)
        return None if used else Breach()

    return check


def build_fresh_basis(params: Params) -> Check:
    """`basis`: path of the basis with its dates; the last of them may be at most `max_days` calendar days ago."""
    basis, max_days = reader(params["basis"]), params["max_days"]

    def check(question: Question, at: datetime) -> Breach | None:
        held = basis(question.facts)
        dates = [moment for moment in held.dates if moment <= at] if held is not None else []
        if held is None or held.withdrawn or not dates:
            return Breach()
        last = max(dates)
        stale = any((local_date(at, zone) - local_date(last, zone)).days > max_days for zone in question.zones)
        return Breach() if stale else None

    return check
