"""From rows to facts: what the gate knows about an intended contact, read in sets so that a list costs as one case."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from compliance.models import AttemptOutcome, Consent, ContactAttempt, Dispute, Hold, InboundContact, Permit, Preference
from compliance.models import ValidationNotice as Notice
from compliance.policies.facts import Facts, from_json
from marketplace import states
from marketplace.models import Case, ContactPoint, Debt, NumberStanding

# Longer than any window of a pack; older contacts decide nothing but the first communication, which is read apart.
LOG_REACH = timedelta(days=63)
CONSUMER = "consumer"
# Kinds of number that are also places in the packs' vocabulary.
_PLACES = frozenset({"home", "work", "mobile"})


# A creditor's student loans to one person are taken to be serviced under one account number, the strictest reading of
# 12 CFR 1006.14(b)(4): the account is not among the facts a creditor places.
_COUNTED_TOGETHER = "student"


def debt_ref(debt_id: int) -> str:
    """The name of a debt in facts and in the contact log."""
    return f"debt:{debt_id}"


class FactBook:
    """Everything the gate may ask about a set of cases, read in a fixed number of queries.

    A row written at an instant later than `at` shows that the clock was put back. What stops or counts is then taken as
    of `at`; what permits is not, so that no clock opens a contact.
    """

    def __init__(self, cases: Iterable[Case], *, at: datetime) -> None:
        self.at = at
        self.cases = list(cases)
        self.case_ids = [case.pk for case in self.cases]
        self.persons = sorted({case.debtor.person_id for case in self.cases})
        self.attempts = _grouped(self._attempts(), "person_id")
        self.inbound = _grouped(self._inbound(), "person_id")
        self.permits = _grouped(self._reserved(), "person_id")
        self.holds = list(self._holds())
        self.preferences = _grouped(self._preferences(), "person_id")
        self.consents = _grouped(Consent.objects.filter(person__in=self.persons, at__lte=at), "person_id")
        self.disputes = _grouped(Dispute.objects.filter(case__in=self.case_ids), "case_id")
        notices = Notice.objects.filter(case__in=self.case_ids, sent_at__lte=at)
        self.notices = dict(notices.values_list("case_id", "sent_at"))
        self.first_contact = self._first_contacts()
        self.loans = self._loans()
        self.points = _grouped(self._points(), "debtor_id")

    def _attempts(self) -> list[ContactAttempt]:
        rows = ContactAttempt.objects.filter(person__in=self.persons, at__gt=self.at - LOG_REACH)
        # a call that ended before the debtor's phone was dialled was no contact with him
        found = list(rows.exclude(release__reason="not_dialled").order_by("at", "pk"))
        newest: dict[int, AttemptOutcome] = {}
        for outcome in AttemptOutcome.objects.filter(attempt__in=found).order_by("pk"):
            newest[outcome.attempt_id] = outcome
        for attempt in found:
            attempt.newest = newest.get(attempt.pk)  # type: ignore[attr-defined]
        return found

    def _inbound(self) -> QuerySet[InboundContact]:
        rows = InboundContact.objects.filter(person__in=self.persons, at__gt=self.at - LOG_REACH)
        return rows.order_by("at", "pk")

    def _reserved(self) -> QuerySet[Permit]:
        """Permits given and not used yet: each holds its slot until it expires, so two cannot share the last one."""
        return Permit.objects.filter(
            person__in=self.persons, redeemed_at__isnull=True, expires_at__gt=self.at
        ).select_related("case")

    def _holds(self) -> QuerySet[Hold]:
        begun = Q(from_at__lte=self.at) | Q(opened_at__gt=self.at)
        covering = Hold.objects.filter(begun, closed_at__isnull=True).exclude(to_at__lte=self.at)
        return covering.filter(Q(case__in=self.case_ids) | Q(scope="person", person__in=self.persons)).order_by("pk")

    def _preferences(self) -> QuerySet[Preference]:
        standing = Preference.objects.filter(person__in=self.persons, lifted_at__isnull=True)
        return standing.exclude(kind=Preference.Kind.BASIS, set_at__gt=self.at)

    def _points(self) -> list[ContactPoint]:
        debtors = [case.debtor_id for case in self.cases]
        barred = set(NumberStanding.objects.filter(person__in=self.persons).values_list("person_id", "hash"))
        barred = {(person, bytes(digest)) for person, digest in barred}
        rows = ContactPoint.objects.filter(debtor__in=debtors, kind=ContactPoint.Kind.PHONE).order_by("pk")
        return [point for point in rows if (point.person_id, bytes(point.hash)) not in barred]

    def _first_contacts(self) -> dict[int, datetime]:
        """When each case's initial communication was made: a conversation, a message left or delivered, or a reply."""
        found: dict[int, datetime] = {}
        told = AttemptOutcome.objects.filter(attempt__case__in=self.case_ids, at__lte=self.at)
        told = told.filter(Q(is_conversation=True) | Q(outcome__in=["delivered", "read"]))
        inbound = InboundContact.objects.filter(case__in=self.case_ids, at__lte=self.at, outcome="answered")
        for case_id, at in [
            *told.values_list("attempt__case_id", "attempt__at"),
            *inbound.values_list("case_id", "at"),
        ]:
            if case_id is not None and (case_id not in found or at < found[case_id]):
                found[case_id] = at
        return found

    def _loans(self) -> dict[int, dict[str, str]]:
        """The student loans of each person, by debt, with the account they count under."""
        rows = Debt.objects.filter(debtor__person__in=self.persons, product__icontains=_COUNTED_TOGETHER)
        found: dict[int, dict[str, str]] = defaultdict(dict)
        for person, debt, org in rows.values_list("debtor__person_id", "pk", "org_id"):
            found[person][debt_ref(debt)] = f"loans:{org}"
        return found

    # One case

    def point_of(self, case: Case) -> ContactPoint | None:
        """The number a call on this case would go to: the debtor's first one that is neither wrong nor stopped."""
        return next(iter(self.points.get(case.debtor_id, [])), None)

    def holds_of(self, case: Case) -> list[Hold]:
        person = case.debtor.person_id
        return [
            hold
            for hold in self.holds
            if (hold.scope == "case" and hold.case_id == case.pk)
            or (hold.scope == "person" and hold.person_id == person)
        ]

    def facts(
        self, case: Case, *, channel: str, point: ContactPoint | None, purpose: str = "", collector_ref: str = "",
        exclude: ContactAttempt | None = None, extra: dict[str, Any] | None = None,
    ) -> Facts:  # fmt: skip
        """The typed facts of one intended contact; `exclude` leaves out the attempt that is being asked about again."""
        person = case.debtor.person_id
        body: dict[str, Any] = {
            "now": self.at.isoformat(),
            "channel": channel,
            "tz": {"address": case.debtor.zones_address, "phone": point.zones if point else []},
            "debts": [debt_ref(case.debt_id)],
            "log": self._log(person, exclude),
            "consents": [_consent(row) for row in self.consents.get(person, [])],
            "flags": self._flags(case),
            "opt_out_statement": False,
            "debt_groups": self.loans.get(person, {}),
        }
        optional = {
            "purpose": purpose, "collector": collector_ref, "number": bytes(point.hash).hex() if point else "",
            "numkind": point.numkind if point else "",
        }  # fmt: skip
        if point and point.numkind in _PLACES:
            optional["place"] = point.numkind
        body |= {key: value for key, value in optional.items() if value}
        optouts = [
            p.detail["medium"] for p in self.preferences.get(person, []) if p.kind == Preference.Kind.MEDIUM_OPT_OUT
        ]
        if optouts:
            body["media_opt_out"] = sorted(set(optouts))
        return from_json(body | (extra or {}))

    def _log(self, person: int, exclude: ContactAttempt | None) -> list[dict[str, Any]]:
        rows = [row for row in self.attempts.get(person, []) if exclude is None or row.pk != exclude.pk]
        out = [_outgoing(row) for row in rows]
        waiting = [
            {
                "at": permit.at, "channel": permit.channel, "dir": "out", "person": CONSUMER,
                "debts": [debt_ref(permit.case.debt_id)], "outcome": "no_answer",
            }
            for permit in self.permits.get(person, [])
        ]  # fmt: skip
        told = out + waiting + [_incoming(row) for row in self.inbound.get(person, [])]
        return [{**entry, "at": min(entry["at"], self.at).isoformat()} for entry in told]

    def _flags(self, case: Case) -> dict[str, Any]:
        flags: dict[str, Any] = {}
        for preference in self.preferences.get(case.debtor.person_id, []):
            _add_preference(flags, preference)
        for hold in self.holds_of(case):
            _add_hold(flags, hold, self.at)
        for dispute in self.disputes.get(case.pk, []):
            _add_dispute(flags, dispute)
        if case.state in (states.CLEARING, states.CLOSED) or case.debt.balance_minor == 0:
            flags["paid"] = True
        if case.pk in self.first_contact:
            flags["initial_comm_at"] = self.first_contact[case.pk].isoformat()
        if case.pk in self.notices:
            flags["validation_sent_at"] = self.notices[case.pk].isoformat()
        return flags


def _grouped(rows: Iterable[Any], key: str) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[getattr(row, key)].append(row)
    return found


def _outgoing(row: ContactAttempt) -> dict[str, Any]:
    newest: AttemptOutcome | None = row.newest  # type: ignore[attr-defined]
    entry = {
        "at": row.at, "channel": row.channel, "dir": "out", "person": CONSUMER,
        "debts": (newest.debt_refs if newest and newest.debt_refs is not None else row.debt_refs),
        # an attempt whose end nobody knows stays counted: a crash between dial and answer frees nothing
        "outcome": newest.outcome if newest else "no_answer",
        "collector": row.collector_ref or None, "numkind": row.numkind or None,
        "number": bytes(row.number_hash).hex() if row.number_hash else None,
    }  # fmt: skip
    return {key: value for key, value in entry.items() if value is not None}


def _incoming(row: InboundContact) -> dict[str, Any]:
    return {
        "at": row.at, "channel": row.channel, "dir": "in", "person": CONSUMER, "debts": row.debt_refs,
        "outcome": row.outcome,
    }  # fmt: skip


def _consent(row: Consent) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "kind": row.kind, "person": CONSUMER, "at": row.at.isoformat(), "days": row.days, "debts": row.debt_refs,
        "given_to": row.given_to or None, "given_ok": row.is_compliant,
        "revoked_at": row.revoked_at.isoformat() if row.revoked_at else None,
    }  # fmt: skip
    return {key: value for key, value in entry.items() if value is not None}


def _add_preference(flags: dict[str, Any], row: Preference) -> None:
    if row.kind == Preference.Kind.INCONVENIENT_TIME:
        flags.setdefault("inconvenient_times", []).append(row.detail)
    elif row.kind == Preference.Kind.INCONVENIENT_PLACE:
        flags.setdefault("inconvenient_places", []).append(row.detail["place"])
    elif row.kind == Preference.Kind.EMPLOYER_PROHIBITS:
        flags["employer_prohibits"] = True
    elif row.kind == Preference.Kind.BASIS:
        flags.update(row.detail)


def _add_hold(flags: dict[str, Any], hold: Hold, at: datetime) -> None:
    if hold.reason == "BANKRUPT":
        flags["discharged" if hold.detail.get("discharged") else "bankruptcy_pending"] = True
    elif hold.reason == "DECEASED":
        flags["deceased"] = True
    elif hold.reason == "MINOR":
        flags["minor"] = True
    elif hold.reason == "REPRESENTED":
        flags["attorney"] = {key: hold.detail[key] for key in ("consents_direct", "unresponsive") if key in hold.detail}
    elif hold.reason == "CEASE":
        form = hold.detail.get("form", "portal")
        # a written cease outranks an oral one that stands beside it
        if "cease" not in flags or form != "oral":
            flags["cease"] = {"form": form, "received_at": min(hold.from_at, at).isoformat()}


def _add_dispute(flags: dict[str, Any], row: Dispute) -> None:
    if row.kind == Dispute.Kind.ORIGINAL_CREDITOR:
        flags["orig_creditor_request"] = {"written": row.is_written, "answered": row.answered_at is not None}
    elif row.kind == Dispute.Kind.DISPUTE and not flags.get("dispute", {}).get("written"):
        flags["dispute"] = {
            "written": row.is_written, "in_period": row.is_in_period,
            "verification_sent": row.verification_sent_at is not None,
        }  # fmt: skip


def facts_for(
    *, case: Case, channel: str, at: datetime, contact_point: ContactPoint | None = None, purpose: str = "",
    collector_ref: str = "", exclude: ContactAttempt | None = None,
) -> Facts:  # fmt: skip
    """The facts of one contact on one case."""
    book = FactBook([case], at=at)
    point = contact_point or book.point_of(case)
    return book.facts(case, channel=channel, point=point, purpose=purpose, collector_ref=collector_ref, exclude=exclude)


def open_holds(cases: Sequence[Case], *, at: datetime) -> dict[int, list[Hold]]:
    """The holds covering each case at `at`, by case id."""
    book = FactBook(cases, at=at)
    return {case.pk: book.holds_of(case) for case in book.cases}
