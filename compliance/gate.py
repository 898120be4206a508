"""The gate: no contact leaves without its Permit, and nobody can override it.

`authorise` locks the person (the counting key is platform x person x debt, so two creditors' cases of one person wait
for each other), evaluates the packs on facts read under that lock, and writes a single-use Permit or a Refusal in the
same transaction. An open permit holds its slot. `redeem` turns it into the one ContactAttempt it allows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from compliance.errors import NoNumber, PermitExpired, PermitSpent
from compliance.facts import FactBook, debt_ref
from compliance.models import ContactAttempt, Hold, Permit, Refusal
from compliance.packbook import packs_in_force, remember
from compliance.policies.decide import ALLOW, DENY, HOLD, Decision, Denial, decide
from compliance.policies.facts import Facts, to_json
from core.events import record
from core.ids import new_ref
from marketplace.models import Case, ContactPoint, Person

PERMIT_LIFE = timedelta(seconds=60)
CALLS = ("call", "robot_call")

# Reasons the packs judge themselves, because an exception of the law may let a contact pass.
_JUDGED_BY_PACKS = frozenset({"REPRESENTED", "CEASE", "NOTICE_PERIOD"})


@dataclass(frozen=True, slots=True)
class Judgement:
    """A decision with what it saw: the pure decision, the holds laid over it, and the facts."""

    verdict: str
    rule: str
    denials: tuple[Denial, ...]
    retry_at: datetime | None
    disclosures: tuple[str, ...]
    facts: Facts
    decision: Decision


def judge(book: FactBook, case: Case, facts: Facts) -> Judgement:
    """Put facts to the programme's packs and lay the holds over the answer. No writes."""
    decision = decide(facts, packs_in_force(case))
    laid = [_hold_denial(hold) for hold in book.holds_of(case) if hold.reason not in _JUDGED_BY_PACKS]
    denials = (*decision.denials, *laid)
    denied = [denial for denial in denials if denial.verdict == DENY]
    first = denied[0] if denied else (denials[0] if denials else None)
    return Judgement(
        verdict=first.verdict if first else ALLOW, rule=first.rule_id if first else "NONE", denials=denials,
        retry_at=None if laid else decision.retry_at, disclosures=decision.disclosures, facts=facts, decision=decision,
    )  # fmt: skip


def _hold_denial(hold: Hold) -> Denial:
    return Denial(
        rule_id=f"HOLD.{hold.reason}", kind="hold", phase="person", verdict=HOLD, pack_id="HOLD",
        source=f"Hold since {hold.from_at:%Y-%m-%d}",
        say=_("Contact is paused: %(reason)s.") % {"reason": hold.get_reason_display()},
        advice=_("It opens again when the hold is lifted; your time on the case does not run meanwhile."),
    )  # fmt: skip


def authorise(
    *, case: Case, channel: str, actor: str, at: datetime, contact_point: ContactPoint | None = None,
    purpose: str = "", collector_ref: str = "",
) -> Permit | Refusal:  # fmt: skip
    """Decide one contact and write the decision.

    Args: case with its debtor; channel of the contact vocabulary; actor who asks; at the instant; contact_point the
    debtor's number (default: the first usable one); purpose empty for an ordinary collection contact.
    Returns a Permit good for 60 seconds, or the Refusal with every rule that said no. Raises NoNumber for a call when
    the debtor has no usable number. The row lock on the person decides between two who ask at once.
    """
    with transaction.atomic():
        fresh = _locked_case(case)
        book = FactBook([fresh], at=at)
        usable = {point.pk for point in book.points.get(fresh.debtor_id, [])}
        point = contact_point or book.point_of(fresh)
        if channel in CALLS and (point is None or point.pk not in usable):
            raise NoNumber()
        facts = book.facts(fresh, channel=channel, point=point, purpose=purpose, collector_ref=collector_ref)
        judged = judge(book, fresh, facts)
        if judged.verdict == ALLOW:
            return _permit(fresh, judged, channel=channel, purpose=purpose, point=point, actor=actor, at=at)
        return _refuse(fresh, judged, channel=channel, purpose=purpose, actor=actor, at=at)


def _locked_case(case: Case) -> Case:
    """The case read again under the lock of its person."""
    person_id = Case.objects.values_list("debtor__person_id", flat=True).get(pk=case.pk)
    Person.objects.select_for_update(no_key=True).get(pk=person_id)
    return Case.objects.select_related("debtor", "debt", "programme").get(pk=case.pk)


def _permit(
    case: Case, judged: Judgement, *, channel: str, purpose: str, point: ContactPoint | None, actor: str, at: datetime
) -> Permit:
    permit = Permit.objects.create(
        ref=new_ref("PM"), case=case, person_id=case.debtor.person_id, contact_point=point, channel=channel,
        purpose=purpose, actor=actor, at=at, expires_at=at + PERMIT_LIFE, facts=to_json(judged.facts),
        packs=remember(packs_in_force(case), at=at), disclosures=list(judged.disclosures),
    )  # fmt: skip
    record(
        name="contact.permitted", stream=case.stream, actor=actor, at=at, creditor_id=case.org_id,
        data={"permit": permit.ref, "channel": channel},
    )  # fmt: skip
    return permit


def _refuse(case: Case, judged: Judgement, *, channel: str, purpose: str, actor: str, at: datetime) -> Refusal:
    refusal = Refusal.objects.create(
        ref=new_ref("RF"), case=case, person_id=case.debtor.person_id, channel=channel, purpose=purpose, actor=actor,
        at=at, verdict=judged.verdict, rule=judged.rule, denials=[_told(denial) for denial in judged.denials],
        retry_at=judged.retry_at, facts=to_json(judged.facts),
        packs=remember(packs_in_force(case), at=at),
    )  # fmt: skip
    record(
        name="contact.refused", stream=case.stream, actor=actor, at=at, creditor_id=case.org_id,
        data={"refusal": refusal.ref, "channel": channel, "rule": judged.rule, "retry_at": judged.retry_at},
    )  # fmt: skip
    return refusal


def _told(denial: Denial) -> dict[str, Any]:
    return {
        "rule": denial.rule_id, "verdict": denial.verdict, "say": denial.say, "advice": denial.advice,
        "source": denial.source,
    }  # fmt: skip


def redeem(*, permit: Permit, at: datetime, collector_ref: str = "") -> ContactAttempt:
    """Use a permit: the guarded update lets exactly one caller through, and writes the attempt it allows.

    Raises PermitSpent when it was used, PermitExpired when its minute is over. Both leave nothing behind.
    """
    with transaction.atomic():
        case = _locked_case(permit.case)
        waiting = Permit.objects.filter(pk=permit.pk, redeemed_at__isnull=True, at__lte=at, expires_at__gt=at)
        if not waiting.update(redeemed_at=at):
            spent = Permit.objects.filter(pk=permit.pk, redeemed_at__isnull=False).exists()
            raise PermitSpent() if spent else PermitExpired()
        point = permit.contact_point
        attempt = ContactAttempt.objects.create(
            permit=permit, case=case, person_id=permit.person_id, channel=permit.channel, at=at,
            debt_refs=[debt_ref(case.debt_id)], number_hash=point.hash if point else None,
            numkind=point.numkind if point else "", collector_ref=collector_ref,
            requested_by_debtor=permit.purpose == "respond_inbound",
        )  # fmt: skip
        record(
            name="contact.attempted", stream=case.stream, actor=permit.actor, at=at, creditor_id=case.org_id,
            data={"permit": permit.ref, "channel": permit.channel},
        )  # fmt: skip
        permit.redeemed_at = at
        return attempt


def recheck(*, permit: Permit, at: datetime) -> Refusal | None:
    """Ask again just before the debtor is dialled: a provider may have queued the call, and a stop may have come.

    The permit's own attempt is left out of the count. Returns the Refusal when the answer is no any more. Raises
    PermitExpired for a permit that was never used: nothing leaves on it.
    """
    with transaction.atomic():
        case = _locked_case(permit.case)
        own = ContactAttempt.objects.filter(permit=permit).first()
        if own is None:
            raise PermitExpired()
        book = FactBook([case], at=at)
        point = permit.contact_point
        facts = book.facts(
            case, channel=permit.channel, point=point, purpose=permit.purpose, exclude=own,
            collector_ref=own.collector_ref,
        )  # fmt: skip
        judged = judge(book, case, facts)
        barred = point is not None and point.pk not in {usable.pk for usable in book.points.get(case.debtor_id, [])}
        if judged.verdict == ALLOW and not barred:
            return None
        return _refuse(case, judged if judged.verdict != ALLOW else _barred(judged), channel=permit.channel,
                       purpose=permit.purpose, actor=permit.actor, at=at)  # fmt: skip


def _barred(judged: Judgement) -> Judgement:
    """The number was marked wrong or stopped since the permit was given."""
    denial = Denial(
        rule_id="HOUSE.NUMBER_BARRED", kind="hold", phase="medium", verdict=DENY, pack_id="HOUSE",
        source="House policy", say=_("This number may not be called any more."), advice="",
    )  # fmt: skip
    return Judgement(
        verdict=DENY, rule=denial.rule_id, denials=(denial,), retry_at=None, disclosures=(), facts=judged.facts,
        decision=judged.decision,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Preview:
    """What the gate would say about a call now, for a page. `sentence` is the deciding reason in plain words,
    `source` what it rests on, `others` the further reasons, `lasting` the one that lasts until `retry_at`.

    `retry_at` is in the debtor's zone. `zones` are the candidate zones. `calls_used` counts what the busiest frequency
    rule counts, of `calls_cap`.
    """

    verdict: str
    rule: str
    sentence: str
    advice: str
    retry_at: datetime | None
    zones: tuple[str, ...]
    calls_used: int
    calls_cap: int
    has_number: bool
    source: str = ""
    others: tuple[str, ...] = ()
    lasting: str = ""

    @property
    def is_open(self) -> bool:
        return self.verdict == ALLOW and self.has_number


def preview(*, cases: Sequence[Case], at: datetime) -> dict[int, Preview]:
    """What `authorise` would answer for a call on each case, by case id, in a fixed number of queries and no writes."""
    book = FactBook(cases, at=at)
    return {case.pk: _preview(book, case) for case in book.cases}


def _preview(book: FactBook, case: Case) -> Preview:
    point = book.point_of(case)
    facts = book.facts(case, channel="call", point=point)
    judged = judge(book, case, facts)
    first = next((d for d in judged.denials if d.rule_id == judged.rule), None)
    used, cap = calls_used(facts, case)
    say, advice = (first.say, first.advice) if first else ("", "")
    if point is None:
        say, advice = _("There is no number we may call."), _("You can leave a note or give the case back.")
    return Preview(
        verdict=judged.verdict, rule=judged.rule, sentence=_(say) if say else "", advice=_(advice) if advice else "",
        retry_at=judged.retry_at, zones=tuple(dict.fromkeys((*facts.tz.address, *facts.tz.phone))),
        calls_used=used, calls_cap=cap, has_number=point is not None,
        source=first.source if first and point is not None else "",
        others=tuple(dict.fromkeys(_(d.say) for d in judged.denials if d is not first)) if point is not None else (),
        lasting=_(_lasting(judged) or say) if say else "",
    )  # fmt: skip


def _lasting(judged: Judgement) -> str:
    """What is said by the rule that keeps the contact waiting longest: first one that only an event lifts."""
    if judged.retry_at is None:
        return next((denial.say for denial in judged.denials if denial.until is None), "")
    waiting = [(denial.until, denial.say) for denial in judged.denials if denial.until is not None]
    return max(waiting)[1] if waiting else ""


def calls_used(facts: Facts, case: Case) -> tuple[int, int]:
    """How many calls of the tightest seven-day style limit are used, and the limit, for the pips on a case page."""
    from compliance.policies.kinds import counting
    from compliance.policies.packs import rules_of_kind
    from compliance.policies.question import Question

    question = Question(facts)
    best: tuple[int, int] | None = None
    for rule in rules_of_kind(packs_in_force(case), "rolling_count"):
        if rule.params["days"] == 1 or not rule.is_for("call", "consumer", None):
            continue
        picked = counting.build(rule.params["count"])(question)
        today = question.now.astimezone(question.zones[0]).date()
        first = today - timedelta(days=rule.params["days"] - 1)
        debt = next(iter(question.debts)) if rule.params.get("per_debt") else None
        days = question.dates(question.zones[0])
        used = sum(first <= days[i] <= today for i in counting.about(question, picked, debt))
        if best is None or rule.params["limit"] - used < best[1] - best[0]:
            best = (used, rule.params["limit"])
    return best or (0, 0)
