"""What the gate knows about one intended contact: every fact key of the conduct vocabulary, typed and frozen.

`from_json` and `to_json` are inverse, and `to_json` is what every permit and refusal stores, so that replaying a
stored decision gives the same verdict.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from types import MappingProxyType
from typing import Any, cast

from compliance.policies import codec
from compliance.policies.codec import FactsError as FactsError

CONSUMER = "consumer"
RESPONSE = "respond_inbound"
OUT = "out"
IN = "in"

CHANNELS = frozenset(
    {"call", "robot_call", "ringless_vm", "sms", "email", "letter", "postcard", "visit", "card"}
    | {"social_dm", "social_public"}
)
"""Every way of contact that rules are written for. Through any other nothing would stop, so it is no fact."""

# Keys of a stored case that are labels of the case, not facts about the contact.
_LABELS = frozenset({"op", "packs", "slug"})


def _none() -> Mapping[str, str]:
    return MappingProxyType({})


_read_channel = codec.one_of(CHANNELS)
_read_direction = codec.one_of(frozenset({IN, OUT}))


@dataclass(frozen=True)
class ZoneCandidates:
    """IANA zone names the person may be in, by kind of evidence. All of them count: the strictest wins."""

    address: tuple[str, ...] = ()
    phone: tuple[str, ...] = ()


@dataclass(frozen=True)
class LogEntry:
    """One earlier contact or attempt, as a raw fact. Whether it counts is for each rule to say.

    `debts` empty means that it named no debt; it is then counted to every debt. `person` is the person called, also
    when somebody else answered. `collector` is who made it; for an e-mail basis taken over, the firm that did.
    """

    at: datetime
    channel: str = "call"
    direction: str = field(default=OUT, metadata={"key": "dir", "read": _read_direction})
    person: str = CONSUMER
    debts: tuple[str, ...] = ()
    outcome: str = ""
    collector: str | None = None
    number: str | None = None
    numkind: str | None = None


@dataclass(frozen=True)
class Consent:
    """A consent to calls above the frequency limits (`frequency`) or at otherwise closed times (`time`).

    `given_ok` says that it was given in a contact that was itself allowed; `days` is how long it was given for.
    """

    kind: str
    at: datetime | None = None
    person: str = CONSUMER
    days: int | None = None
    debts: tuple[str, ...] = ()
    given_to: str | None = None
    given_ok: bool | None = None
    revoked_at: datetime | None = None


@dataclass(frozen=True)
class Dispute:
    """A dispute of the debt; `debts` names the disputed ones, empty means the whole contact is about it."""

    written: bool = False
    in_period: bool = False
    verification_sent: bool = False
    partial: bool = False
    debts: tuple[str, ...] = ()


@dataclass(frozen=True)
class CreditorRequest:
    """A request for the name of the original creditor."""

    written: bool = False
    answered: bool = False


@dataclass(frozen=True)
class Cease:
    """A request to stop contact: its form (oral, mail, fax, portal, email) and when it reached us."""

    form: str = ""
    received_at: datetime | None = None


@dataclass(frozen=True)
class Attorney:
    """A known lawyer of the person; presence of the object is the fact."""

    consents_direct: bool = False
    unresponsive: bool = False


@dataclass(frozen=True)
class EmailNotice:
    """The creditor's notice that e-mail will be used, with the opt-out time in days that it gave."""

    opt_out_days: int | None = None
    sent_at: datetime | None = None
    public_domain: bool = False


@dataclass(frozen=True)
class SmsBasis:
    """Dates on which the right to text this number arose or was refreshed, and whether it was withdrawn."""

    dates: tuple[datetime, ...] = ()
    withdrawn: bool = False


@dataclass(frozen=True)
class InconvenientTime:
    """A weekly window named inconvenient: `days` 0 (Monday) to 6, empty for all; half-open, in the person's time."""

    days: tuple[int, ...] = field(default=(), metadata={"read": codec.read_weekdays})
    start: time = field(default=time(0), metadata={"key": "from"})
    end: time = field(default=time(0), metadata={"key": "to"})


@dataclass(frozen=True)
class BreathingSpace:
    """A statutory moratorium: its type and dates."""

    kind: str = field(default="", metadata={"key": "type"})
    start: date | None = None
    cancelled: bool = False
    treatment_end: date | None = None


def _read_mailed(value: object, where: str) -> tuple[date, ...]:
    """Dates of mailing. `null` means "we know that no notice was mailed", which differs from an absent key."""
    if isinstance(value, list | tuple):
        return tuple(codec.read_date(item, where) for item in value)
    return () if value in (None, "") else (codec.read_date(value, where),)


@dataclass(frozen=True)
class Flags:
    """Stops, bases and circumstances of the person, the debt and the address in use."""

    bankruptcy_pending: bool = False
    discharged: bool = False
    deceased: bool = False
    minor: bool = False
    incapacity: bool = False
    paid: bool = False
    dispute: Dispute | None = None
    orig_creditor_request: CreditorRequest | None = None
    cease: Cease | None = None
    attorney: Attorney | None = None
    consumer_consented_third_party: bool = False
    location_known: bool = False
    envelope_marking: str | None = None
    required_by_law: bool = False
    initial_comm_at: datetime | None = None
    validation_sent_at: datetime | None = None
    email_addr: str | None = None
    email_consumer_used: bool = False
    email_basis: str | None = None
    email_notice: EmailNotice | None = None
    sms_basis: SmsBasis | None = None
    employer_prohibits: bool = False
    inconvenient_places: tuple[str, ...] = ()
    place_consent: bool = False
    inconvenient_times: tuple[InconvenientTime, ...] = ()
    line: str | None = None
    tcpa_consent: bool = False
    tcpa_revoked_at: datetime | None = None
    nyc_econsent: bool = False
    dc_econsent: bool = False
    cn_time_agreed: bool = False
    cn_freq_agreed: bool = False
    contact_source: str | None = None
    contact_refused: bool = False
    number_invalid: bool = False
    failed_attempts: int | None = None
    entry_consent: bool = False
    grievance_pending: bool = False
    grievance_frivolous: bool = False
    occasion: str | None = None
    agent_intimated: bool | None = None
    breathing_space: BreathingSpace | None = None
    hold_30d_from: date | None = None
    vulnerable_known: bool = False
    specialist_route: bool = False
    visit_notice_given: bool = False
    notice_mailed: tuple[date, ...] | None = field(default=None, metadata={"read": _read_mailed, "null": True})


@dataclass(frozen=True)
class Facts:
    """One intended contact. Absent keys mean: a call to the consumer, an ordinary collection contact.

    `now` is the instant of the intended contact. `debts` are the debts it is about; `debt_groups` maps a debt to the
    group it counts with (student loans of one account). `responses_since_inbound` is the number of answers already
    given to the person's last contact; None lets it be derived from `log`.
    """

    now: datetime
    channel: str = field(default="call", metadata={"read": _read_channel})
    target: str = CONSUMER
    person_id: str | None = None
    purpose: str | None = None
    place: str | None = None
    numkind: str | None = None
    number: str | None = None
    device: str | None = None
    template: str | None = None
    says_debt: bool = False
    opt_out_statement: bool = True
    earlier_answer_wrong: bool = False
    requested_by_person: bool = False
    responses_since_inbound: int | None = None
    tz: ZoneCandidates = ZoneCandidates()
    debts: tuple[str, ...] = ()
    debt_groups: Mapping[str, str] = field(default_factory=_none)
    log: tuple[LogEntry, ...] = ()
    consents: tuple[Consent, ...] = ()
    media_opt_out: tuple[str, ...] = ()
    flags: Flags = Flags()
    collector: str | None = None

    @property
    def person(self) -> str:
        """Who is contacted, as named in the log."""
        return self.person_id or self.target


def from_json(value: Mapping[str, Any]) -> Facts:
    """Read facts from their JSON form. Raises FactsError naming the first bad key."""
    return codec.decode(Facts, {key: item for key, item in value.items() if key not in _LABELS})


def to_json(facts: Facts) -> dict[str, Any]:
    """The JSON form of facts; `from_json(to_json(facts)) == facts`."""
    return cast(dict[str, Any], codec.encode(facts))
