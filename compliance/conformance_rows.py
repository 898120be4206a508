"""Conformance through the database: facts become rows, gate.authorise answers, and all of it is rolled back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.db import DataError, IntegrityError, transaction

from accounts.models import CreditorOrg
from compliance.gate import authorise
from compliance.models import (
    AttemptOutcome,
    Consent,
    ContactAttempt,
    Dispute,
    Hold,
    InboundContact,
    Permit,
    Preference,
    Refusal,
    ValidationNotice,
)
from compliance.packbook import only_packs
from compliance.policies.conformance import Answer, Evaluator, same_instant
from compliance.policies.conformance import Case as Vector
from compliance.policies.facts import RESPONSE, from_json, to_json
from core.crypto import keyed_hash, seal
from core.ids import new_ref, new_token
from marketplace import states
from marketplace.models import Batch, Case, ContactPoint, Debt, Debtor, Person, Programme

SAME = "the same"
"""What the detail "gate" of an answer says when rows and the gate agree with the pure policies."""

_CONSUMER = "consumer"
_WRONG = "wrong_person"
# Places that a number can stand for, and the facts that rows keep as the basis of an address.
_PLACES = (None, "home", "work", "mobile")
_BASES = ("place_consent", "required_by_law")
_LONGEST_WORD = 10
_LONGEST_PURPOSE = 20


def database_evaluator(pure: Evaluator) -> Evaluator:
    """Ask the pure policies first; a call to the consumer must then get the same answer from rows and the gate."""

    def evaluate(case: Vector) -> Answer | None:
        answer = pure(case)
        if answer is None or not is_in_scope(case.facts):
            return answer
        try:
            stored = ask_gate(case.facts)
        except (DataError, IntegrityError, ValueError) as problem:
            return Answer(
                answer.values, {**answer.detail, "gate": f"not asked, the database cannot hold these facts: {problem}"}
            )
        alike = (stored["decision"], stored["rule"]) == (answer.values["decision"], answer.values["rule"])
        if not alike or not same_instant(stored["retry_at"], answer.values["retry_at"]):
            return Answer(stored, {"pure": answer.values})
        return Answer(answer.values, {**answer.detail, "gate": SAME})

    return evaluate


def is_in_scope(facts: Mapping[str, Any]) -> bool:
    """Calls to the debtor himself about one debt, under the packs enforced today, with facts that rows can hold."""
    flags = facts.get("flags") or {}
    return (
        (facts.get("op") or "contact") == "contact"
        and (facts.get("channel") or "call") == "call"
        and (facts.get("target") or _CONSUMER) == _CONSUMER
        and set(facts.get("packs") or ["?"]) <= {"US-FED", "HOUSE"}
        and len(facts.get("debts") or []) == 1
        and facts.get("place") in _PLACES
        and len(facts.get("numkind") or "") <= _LONGEST_WORD
        and len(facts.get("purpose") or "") <= _LONGEST_PURPOSE
        and _is_consistent(facts)
        # a hold on rows stops contact whatever the packs say
        and ("US-FED" in facts["packs"] or not (flags.get("bankruptcy_pending") or flags.get("discharged")))
    )


def _is_consistent(facts: Mapping[str, Any]) -> bool:
    """The replies a case claims to have been given must not be fewer than those its log shows."""
    given = facts.get("responses_since_inbound")
    if given is None or facts.get("purpose") != RESPONSE:
        return True
    return bool(given >= 0 and _replies(to_json(from_json(facts))) <= given)


def _replies(facts: Mapping[str, Any]) -> int:
    """How many calls the log shows after their last contact; -1 when it shows no contact of theirs."""
    now = datetime.fromisoformat(facts["now"])
    rows = [(datetime.fromisoformat(row["at"]), row) for row in facts.get("log", []) if _is_ours(row, facts)]
    known = [(at, row) for at, row in rows if at <= now]
    asked = [at for at, row in known if row.get("dir") == "in"]
    if not asked:
        return -1
    return sum(row.get("dir") != "in" and row.get("channel", "call") == "call" and at > max(asked) for at, row in known)


def _is_ours(row: Mapping[str, Any], facts: Mapping[str, Any]) -> bool:
    """Whether an earlier contact, or a consent, is the debtor's: by name, or as a call that reached a wrong number."""
    named = facts.get("person_id", _CONSUMER)
    return row.get("person", _CONSUMER) == named or (row.get("outcome") == _WRONG and row.get("dir") != "in")


class _Rollback(Exception):
    """Not an error: the way out of the transaction."""


def ask_gate(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Write `facts` as rows, authorise, roll back; returns decision, rule and retry_at."""
    found: dict[str, Any] = {}
    try:
        with transaction.atomic(), only_packs(facts["packs"]):
            stage = _Stage(facts, to_json(from_json(facts)))
            decision = authorise(
                case=stage.case, channel="call", actor="system", at=stage.now, purpose=stage.facts.get("purpose", ""),
                collector_ref=stage.facts.get("collector", ""),
            )  # fmt: skip
            found = _read(decision)
            raise _Rollback
    except _Rollback:
        return found


def _read(decision: Permit | Refusal) -> dict[str, Any]:
    if isinstance(decision, Permit):
        return {"decision": "allow", "rule": "NONE", "retry_at": None}
    retry = decision.retry_at.isoformat() if decision.retry_at else None
    return {"decision": decision.verdict, "rule": decision.rule, "retry_at": retry}


class _Stage:
    """One person, his debts and one case, set up from a case's facts."""

    def __init__(self, case: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
        self.facts = facts
        self.now = datetime.fromisoformat(facts["now"])
        self.flags: Mapping[str, Any] = facts.get("flags", {})
        self.org = CreditorOrg.objects.create(slug=new_ref("o").lower(), name="Case", created_at=self.now)
        self.programme = Programme.objects.create(
            org=self.org, slug="p", name="Case", terms={}, pack_ids=case["packs"], created_at=self.now
        )
        self.batch = Batch.objects.create(
            programme=self.programme, ref=new_ref("B"), filename="case", body_hash=bytes(32), as_of=self.now.date(),
            created_by="system", created_at=self.now,
        )  # fmt: skip
        self.person = self._person()
        self.debtor = self._debtor(self.person)
        self.debts: dict[str, Debt] = {}
        self.cases: dict[str, Case] = {}
        self.about = facts["debts"][0]
        self.case = self._case_of(self.about)
        self._phone()
        self._flags()
        for row in facts.get("log", []):
            self._log(row)
        self._reply_context()
        for row in facts.get("consents", []):
            self._consent(row)

    def _person(self) -> Person:
        ref = new_ref("P")
        return Person.objects.create(
            ref=ref, identity_hash=keyed_hash(ref, purpose="identity"), region="NY", country="US"
        )

    def _debtor(self, person: Person) -> Debtor:
        zones = self.facts.get("tz", {}).get("address", [])
        return Debtor.objects.create(
            org=self.org, person=person, key=new_ref("C"), name="Case", country="US", region="NY", zones_address=zones
        )

    def _debt(self, name: str) -> Debt:
        if name not in self.debts:
            groups = self.facts.get("debt_groups", {})
            counted_with = groups.get(name, name) == groups.get(self.about, self.about)
            due = 0 if self.flags.get("paid") else 100
            self.debts[name] = Debt.objects.create(
                org=self.org, debtor=self.debtor, account_ref=name, currency="USD", principal_minor=100,
                product="student loan" if counted_with and groups else "card", principal_due_minor=due,
                delinquency_date=date(2026, 1, 1), ledger_as_of=self.now,
            )  # fmt: skip
        return self.debts[name]

    def _case_of(self, name: str) -> Case:
        if name not in self.cases:
            token = new_token()
            self.cases[name] = Case.objects.create(
                ref=new_ref("K"), org=self.org, programme=self.programme, batch=self.batch, debtor=self.debtor,
                debt=self._debt(name), placed_minor=100, placed_at=self.now, state=states.READY,
                link_hash=keyed_hash(token, purpose="link"), link_sealed=seal(token, key_id=self.org.key_id),
            )  # fmt: skip
        return self.cases[name]

    def _phone(self) -> None:
        number = self.facts.get("number", "N0")
        ContactPoint.objects.create(
            debtor=self.debtor, person=self.person, kind="phone", sealed=seal(number, key_id=self.org.key_id),
            hash=keyed_hash(number, purpose="phone"), zones=self.facts.get("tz", {}).get("phone", []),
            numkind=self.facts.get("place") or self.facts.get("numkind", ""), created_at=self.now,
        )  # fmt: skip

    def _refs(self, names: list[str] | None) -> list[str]:
        return [f"debt:{self._debt(name).pk}" for name in names or []]

    def _log(self, row: Mapping[str, Any]) -> None:
        at = datetime.fromisoformat(row["at"])
        if at > self.now:
            return
        # Nobody but the debtor can be contacted here, so another person's calls are another debtor's.
        person = self.person if _is_ours(row, self.facts) else self._person()
        outcome, channel = row.get("outcome", "no_answer")[:16], row.get("channel", "call")[:12]
        if row.get("dir") == "in":
            InboundContact.objects.create(
                person=person, case=self.case, channel=channel, at=at, outcome=outcome,
                debt_refs=self._refs(row.get("debts")),
            )  # fmt: skip
            return
        number = keyed_hash(row["number"], purpose="phone") if row.get("number") else None
        self._attempt(person, at, channel, outcome, self._refs(row.get("debts")), number=number,
                      collector=row.get("collector", ""))  # fmt: skip

    def _attempt(
        self, person: Person, at: datetime, channel: str, outcome: str, debts: list[str], *,
        number: bytes | None = None, collector: str = "",
    ) -> None:  # fmt: skip
        permit = Permit.objects.create(
            ref=new_ref("PM"), case=self.case, person=person, channel=channel, actor="system", at=at, redeemed_at=at,
            expires_at=at + timedelta(seconds=60), facts={}, packs=[],
        )  # fmt: skip
        attempt = ContactAttempt.objects.create(
            permit=permit, case=self.case, person=person, channel=channel, at=at, debt_refs=debts, number_hash=number,
            collector_ref=collector[:20],
        )  # fmt: skip
        AttemptOutcome.objects.create(attempt=attempt, at=at, outcome=outcome, source="case")

    def _reply_context(self) -> None:
        """A reply answers a contact that the log of the case may leave out: write it, and the replies already given.

        They are calls that did not connect, so that no frequency counts them.
        """
        given = self.facts.get("responses_since_inbound")
        if given is None or self.facts.get("purpose") != RESPONSE:
            return
        shown = _replies(self.facts)
        if shown < 0:
            InboundContact.objects.create(
                person=self.person, case=self.case, channel="call", at=self.now - timedelta(seconds=1),
                outcome="no_answer", debt_refs=self._refs(self.facts["debts"]),
            )  # fmt: skip
        for _turn in range(given - max(shown, 0)):
            self._attempt(self.person, self.now, "call", "busy", self._refs(self.facts["debts"]))

    def _consent(self, row: Mapping[str, Any]) -> None:
        at, revoked = row.get("at"), row.get("revoked_at")
        if at is None and row["kind"] == "frequency":
            return
        Consent.objects.create(
            person=self.person if _is_ours(row, self.facts) else self._person(), kind=row["kind"][:12],
            at=datetime.fromisoformat(at) if at else self.now, days=row.get("days") if at else None,
            debt_refs=self._refs(row["debts"]) if row.get("debts") else None, given_to=row.get("given_to", "")[:40],
            is_compliant=row.get("given_ok"), revoked_at=datetime.fromisoformat(revoked) if revoked else None,
        )  # fmt: skip

    # Flags

    def _flags(self) -> None:
        flags = self.flags
        for key, reason in (("bankruptcy_pending", "BANKRUPT"), ("deceased", "DECEASED"), ("minor", "MINOR")):
            if flags.get(key):
                self._hold(reason, {})
        if flags.get("discharged"):
            self._hold("BANKRUPT", {"discharged": True})
        if "attorney" in flags:
            self._hold("REPRESENTED", dict(flags["attorney"]))
        if (cease := flags.get("cease")) is not None:
            received = cease.get("received_at")
            form = cease.get("form", "mail")
            self._hold("CEASE", {"form": form}, datetime.fromisoformat(received) if received else None)
        self._disputes()
        self._preferences()
        for basis in (basis for basis in _BASES if flags.get(basis)):
            self._preference(Preference.Kind.BASIS, {basis: True})
        self._notice()
        if initial := flags.get("initial_comm_at"):
            at = datetime.fromisoformat(initial)
            self._attempt(self.person, at, "email", "delivered", self._refs(self.facts["debts"]))

    def _notice(self) -> None:
        """A case that says nothing of an initial communication does not ask about its notice: it was sent long ago."""
        sent = self.flags.get("validation_sent_at")
        if "initial_comm_at" in self.flags and not sent:
            return
        at = datetime.fromisoformat(sent) if sent else self.now - timedelta(days=90)
        ValidationNotice.objects.create(
            ref=new_ref("N"), case=self.case, language="en", delivery="post", content_sha256=bytes(32), sent_at=at,
            content_sealed=seal("{}", key_id=self.org.key_id), assumed_received_on=at.date(), period_ends_on=at.date(),
        )  # fmt: skip

    def _hold(self, reason: str, detail: dict[str, Any], from_at: datetime | None = None) -> None:
        Hold.objects.create(
            scope="person", person=self.person, reason=reason, detail=detail, opened_by="system", opened_at=self.now,
            from_at=from_at or self.now - timedelta(days=1),
        )  # fmt: skip

    def _disputes(self) -> None:
        received = self.now - timedelta(days=1)
        common = {"channel": "portal", "received_at": received, "answer_due_date": received.date()}
        if (dispute := self.flags.get("dispute")) is not None:
            for name in dispute.get("debts") or self.facts["debts"]:
                Dispute.objects.create(
                    ref=new_ref("D"), case=self._case_of(name), is_written=dispute.get("written", False),
                    is_in_period=dispute.get("in_period", False),
                    verification_sent_at=received if dispute.get("verification_sent") else None, **common,
                )  # fmt: skip
        if (request := self.flags.get("orig_creditor_request")) is not None:
            Dispute.objects.create(
                ref=new_ref("D"), case=self.case, kind=Dispute.Kind.ORIGINAL_CREDITOR,
                is_written=request.get("written", False),
                answered_at=received if request.get("answered") else None, **common,
            )  # fmt: skip

    def _preferences(self) -> None:
        number = self.facts.get("number")
        for medium in self.facts.get("media_opt_out", []):
            named = keyed_hash(number, purpose="phone").hex() if number and medium == number else medium
            self._preference(Preference.Kind.MEDIUM_OPT_OUT, {"medium": named})
        for window in self.flags.get("inconvenient_times", []):
            self._preference(Preference.Kind.INCONVENIENT_TIME, dict(window))
        for place in self.flags.get("inconvenient_places", []):
            self._preference(Preference.Kind.INCONVENIENT_PLACE, {"place": place})
        if self.flags.get("employer_prohibits"):
            self._preference(Preference.Kind.EMPLOYER_PROHIBITS, {})

    def _preference(self, kind: str, detail: dict[str, Any]) -> None:
        Preference.objects.create(
            person=self.person, kind=kind, detail=detail, set_by="debtor", set_at=self.now - timedelta(days=1)
        )
