"""Conformance through the database: facts become rows, gate.authorise answers, and all of it is rolled back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

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
from compliance.policies.conformance import Answer, Evaluator
from compliance.policies.conformance import Case as Vector
from core.crypto import keyed_hash, seal
from core.ids import new_ref, new_token
from marketplace import states
from marketplace.models import Batch, Case, ContactPoint, Debt, Debtor, Person, Programme

_OURS = ("consumer", "stranger")


def database_evaluator(pure: Evaluator) -> Evaluator:
    """Ask the pure policies first; a call to the consumer must then get the same answer from rows and the gate."""

    def evaluate(case: Vector) -> Answer | None:
        answer = pure(case)
        if answer is None or not is_in_scope(case.facts):
            return answer
        stored = ask_gate(case.facts)
        if (stored["decision"], stored["rule"]) != (answer.values["decision"], answer.values["rule"]):
            return Answer(stored, {"pure": answer.values})
        return answer

    return evaluate


def is_in_scope(facts: Mapping[str, Any]) -> bool:
    """Calls to the debtor himself under the packs enforced today."""
    return (
        facts.get("op", "contact") == "contact"
        and facts.get("channel", "call") == "call"
        and facts.get("target", "consumer") == "consumer"
        and set(facts.get("packs") or ["?"]) <= {"US-FED", "HOUSE"}
    )


class _Rollback(Exception):
    """Not an error: the way out of the transaction."""


def ask_gate(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Write `facts` as rows, authorise, roll back; returns decision, rule and retry_at."""
    found: dict[str, Any] = {}
    try:
        with transaction.atomic(), only_packs(facts["packs"]):
            stage = _Stage(facts)
            decision = authorise(
                case=stage.case, channel="call", actor="system", at=stage.now, purpose=facts.get("purpose") or "",
                collector_ref=facts.get("collector") or "",
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

    def __init__(self, facts: Mapping[str, Any]) -> None:
        self.facts = facts
        self.now = datetime.fromisoformat(facts["now"])
        self.flags: Mapping[str, Any] = facts.get("flags") or {}
        self.org = CreditorOrg.objects.create(slug=new_ref("o").lower(), name="Case", created_at=self.now)
        self.programme = Programme.objects.create(
            org=self.org, slug="p", name="Case", terms={}, pack_ids=facts["packs"], created_at=self.now
        )
        self.person = self._person()
        self.debtor = self._debtor(self.person)
        self.debts: dict[str, Debt] = {}
        names = [*facts.get("debts", []), *(d for row in facts.get("log", []) for d in row.get("debts", []))]
        for name in dict.fromkeys(names or ["D1"]):
            self.debts[name] = self._debt(name)
        self.case = self._case(next(iter(self.debts.values())))
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
        zones = (self.facts.get("tz") or {}).get("address") or []
        return Debtor.objects.create(
            org=self.org, person=person, key=new_ref("C"), name="Case", country="US", region="NY", zones_address=zones
        )

    def _debt(self, name: str) -> Debt:
        due = 0 if self.flags.get("paid") else 100
        return Debt.objects.create(
            org=self.org, debtor=self.debtor, account_ref=name, product="card", currency="USD", principal_minor=100,
            principal_due_minor=due, delinquency_date=date(2026, 1, 1), ledger_as_of=self.now,
        )  # fmt: skip

    def _case(self, debt: Debt) -> Case:
        batch = Batch.objects.create(
            programme=self.programme, ref=new_ref("B"), filename="case", body_hash=bytes(32), as_of=self.now.date(),
            created_by="system", created_at=self.now,
        )  # fmt: skip
        token = new_token()
        return Case.objects.create(
            ref=new_ref("K"), org=self.org, programme=self.programme, batch=batch, debtor=self.debtor, debt=debt,
            placed_minor=100, placed_at=self.now, link_hash=keyed_hash(token, purpose="link"),
            link_sealed=seal(token, key_id=self.org.key_id), state=states.READY,
        )  # fmt: skip

    def _phone(self) -> None:
        number = self.facts.get("number") or "N0"
        ContactPoint.objects.create(
            debtor=self.debtor, person=self.person, kind="phone", sealed=seal(number, key_id=self.org.key_id),
            hash=keyed_hash(number, purpose="phone"), zones=(self.facts.get("tz") or {}).get("phone") or [],
            numkind=self.facts.get("numkind") or self.facts.get("place") or "", created_at=self.now,
        )  # fmt: skip

    def _refs(self, names: list[str] | None) -> list[str]:
        return [f"debt:{self.debts[name].pk}" for name in names or []]

    def _log(self, row: Mapping[str, Any]) -> None:
        at = datetime.fromisoformat(row["at"])
        # Nobody but the debtor can be contacted here, so another person's calls are another debtor's.
        person = self.person if row.get("person", "consumer") in _OURS else self._person()
        outcome = row.get("outcome") or "no_answer"
        if row.get("dir", "out") == "in":
            InboundContact.objects.create(
                person=person, case=self.case, channel=row["channel"], at=at, outcome=outcome,
                debt_refs=self._refs(row.get("debts")),
            )  # fmt: skip
            return
        number = keyed_hash(row["number"], purpose="phone") if row.get("number") else None
        self._attempt(person, at, row.get("channel", "call"), outcome, self._refs(row.get("debts")), number=number,
                      collector=row.get("collector") or "")  # fmt: skip

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
        """A reply answers a contact that the log of the case may leave out: write it, and the replies already given."""
        given = self.facts.get("responses_since_inbound")
        if given is None or any(row.get("dir") == "in" for row in self.facts.get("log", [])):
            return
        asked = self.now - timedelta(hours=2)
        InboundContact.objects.create(
            person=self.person, case=self.case, channel="call", at=asked, outcome="no_answer",
            debt_refs=self._refs(self.facts.get("debts")),
        )  # fmt: skip
        for turn in range(given):
            at = asked + timedelta(minutes=turn + 1)
            self._attempt(self.person, at, "call", "no_answer", self._refs(self.facts.get("debts")))

    def _consent(self, row: Mapping[str, Any]) -> None:
        revoked = row.get("revoked_at")
        Consent.objects.create(
            person=self.person, kind=row["kind"], at=datetime.fromisoformat(row["at"]) if row.get("at") else self.now,
            days=row.get("days"), debt_refs=self._refs(row["debts"]) if row.get("debts") else None,
            given_to=row.get("given_to") or "", is_compliant=row.get("given_ok"),
            revoked_at=datetime.fromisoformat(revoked) if revoked else None,
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
        if cease := flags.get("cease"):
            self._hold("CEASE", {"form": cease["form"]}, datetime.fromisoformat(cease["received_at"]))
        self._disputes()
        self._preferences()
        self._notice()
        if initial := flags.get("initial_comm_at"):
            at = datetime.fromisoformat(initial)
            self._attempt(self.person, at, "email", "delivered", self._refs(self.facts.get("debts")))

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
        common = {
            "case": self.case, "channel": "portal", "received_at": received, "answer_due_date": received.date(),
        }  # fmt: skip
        if dispute := self.flags.get("dispute"):
            Dispute.objects.create(
                ref=new_ref("D"), is_written=dispute.get("written", False),
                is_in_period=dispute.get("in_period", False),
                verification_sent_at=received if dispute.get("verification_sent") else None, **common,
            )  # fmt: skip
        if request := self.flags.get("orig_creditor_request"):
            Dispute.objects.create(
                ref=new_ref("D"), kind=Dispute.Kind.ORIGINAL_CREDITOR, is_written=request.get("written", False),
                answered_at=received if request.get("answered") else None, **common,
            )  # fmt: skip

    def _preferences(self) -> None:
        for medium in self.facts.get("media_opt_out", []):
            self._preference(Preference.Kind.MEDIUM_OPT_OUT, {"medium": medium})
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
