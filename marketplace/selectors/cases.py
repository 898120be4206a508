"""Cases as their live claim holder and their creditor see them. Visibility is written here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, datetime
from urllib.parse import urlencode

from django.db.models import Prefetch, Q, QuerySet
from django.http import QueryDict

from accounts.access import working
from accounts.models import Collector, CreditorOrg
from core.errors import NotFound
from marketplace import states
from marketplace.bands import BUCKET_BY_KEY, bucket_of
from marketplace.local import local_day, market_day
from marketplace.models import Case, Claim, Note, Promise
from marketplace.selectors.pages import Key, Page, page_of

_STANDING = (states.ACTIVE, states.VERIFYING, states.SUSPENDED)
PAGE_SIZE = 50


def live_claim_of(case: Case) -> Claim | None:
    """The claim under which the case is worked now, with its collector."""
    return Claim.objects.filter(case=case, state__in=states.LIVE_CLAIM).select_related("collector").first()


def _held_by(collector: Collector, at: datetime) -> QuerySet[Claim]:
    """The live claims of a collector who may work at `at`; a suspended or expired one holds nothing to look at."""
    held = Claim.objects.filter(collector=collector, collector__in=working(at), state__in=states.LIVE_CLAIM)
    standing = Promise.objects.filter(state__in=_STANDING).order_by("due_date", "pk")
    related = held.select_related("task", "collector", "case__debtor", "case__debt", "case__programme", "case__org")
    return related.prefetch_related(Prefetch("case__promises", queryset=standing, to_attr="standing_promises"))


@dataclass(frozen=True, slots=True)
class HeldCase:
    """A case in its holder's hands: the claim, what is owed, and the promise that stands. Minor units."""

    claim: Claim
    case: Case
    balance_minor: int
    currency: str
    days_past_due: int
    promise: Promise | None
    next_due: datetime | None

    @property
    def short_name(self) -> str:
        return self.case.debtor.short_name


def _held(claim: Claim, at: datetime) -> HeldCase:
    case = claim.case
    promises: list[Promise] = case.standing_promises  # type: ignore[attr-defined]
    days = (local_day(case.debtor, at) - case.debt.delinquency_date).days
    return HeldCase(
        claim=claim, case=case, balance_minor=case.debt.balance_minor, currency=case.debt.currency, days_past_due=days,
        promise=promises[0] if promises else None, next_due=claim.first_action_due_at or claim.lease_until,
    )  # fmt: skip


def todays_list(*, collector: Collector, at: datetime) -> list[HeldCase]:
    """Every case the collector holds: promises due first by date, then by what is due next. Two queries."""
    held = [_held(claim, at) for claim in _held_by(collector, at)]
    return sorted(held, key=lambda row: (row.promise.due_date if row.promise else date.max, row.next_due, row.claim.pk))


def held_case(*, collector: Collector, ref: str, at: datetime) -> HeldCase:
    """One case for the collector who holds it now. Raises NotFound for everybody else: the cases look the same."""
    claim = _held_by(collector, at).filter(case__ref=ref).first()
    if claim is None:
        raise NotFound()
    return _held(claim, at)


def notes_of(case: Case) -> QuerySet[Note]:
    """The case's notes, newest first."""
    return case.notes.order_by("-at", "-pk")


def promises_of(*, collector: Collector, at: datetime) -> QuerySet[Promise]:
    """The promises of the collector's claims that still stand, earliest due first, with case and debtor. None while he
    may not work."""
    mine = Promise.objects.filter(claim__collector=collector, claim__collector__in=working(at), state__in=_STANDING)
    return mine.select_related("case__debtor", "case__debt", "claim").order_by("due_date", "pk")


@dataclass(frozen=True, slots=True)
class CaseFilters:
    """A creditor's filters: programme slug, state, age bucket, close code, and `q` for a case, account or customer
    reference, or the beginning of a name."""

    programme: str = ""
    state: str = ""
    bucket: str = ""
    code: str = ""
    q: str = ""

    @classmethod
    def from_query(cls, query: QueryDict) -> CaseFilters:
        """Read the filters of an address; what is not understood is left out."""
        given = {f.name: query.get(f.name, "").replace("\x00", "").strip()[:80] for f in fields(cls)}
        given["state"] = given["state"] if given["state"] in states.CASE.states else ""
        given["bucket"] = given["bucket"] if given["bucket"] in BUCKET_BY_KEY else ""
        return cls(**given)

    def to_query(self) -> str:
        """The filters as a query string in a fixed order, without what is empty."""
        return urlencode([(f.name, getattr(self, f.name)) for f in fields(self) if getattr(self, f.name)])


@dataclass(frozen=True, slots=True)
class CreditorCase:
    """A case in its creditor's table. Minor units; no phone, no collector."""

    case: Case
    balance_minor: int
    currency: str
    days_past_due: int
    bucket: str


def creditor_cases(
    *, org: CreditorOrg, filters: CaseFilters, at: datetime, cursor: str = "", size: int = PAGE_SIZE
) -> Page[CreditorCase]:
    """One page of the organisation's cases, newest first. One query."""
    rows = Case.objects.filter(_wanted(filters, at), org=org).select_related("debtor", "debt", "programme")
    page = page_of(rows, key=Key("placed", "placed_at"), cursor=cursor, size=size)
    return Page([_creditor_row(case, at) for case in page.rows], next=page.next, prev=page.prev)


def _wanted(filters: CaseFilters, at: datetime) -> Q:
    wanted = Q()
    if filters.programme:
        wanted &= Q(programme__slug=filters.programme)
    if filters.state:
        wanted &= Q(state=filters.state)
    if filters.code:
        wanted &= Q(close_code=filters.code)
    if filters.bucket:
        earliest, latest = BUCKET_BY_KEY[filters.bucket].since(market_day(at))
        wanted &= Q(debt__delinquency_date__gte=earliest) if earliest else Q()
        wanted &= Q(debt__delinquency_date__lte=latest) if latest else Q()
    if filters.q:
        words = filters.q
        named = Q(ref__iexact=words) | Q(debt__account_ref__iexact=words) | Q(debtor__key__iexact=words)
        wanted &= named | Q(debtor__name__istartswith=words)
    return wanted


def _creditor_row(case: Case, at: datetime) -> CreditorCase:
    days = (market_day(at) - case.debt.delinquency_date).days
    return CreditorCase(
        case=case, balance_minor=case.debt.balance_minor, currency=case.debt.currency, days_past_due=days,
        bucket=bucket_of(days).key,
    )  # fmt: skip


def creditor_case(*, org: CreditorOrg, ref: str) -> Case:
    """One case of the organisation with debtor, debt and programme. Raises NotFound for another creditor's."""
    related = Case.objects.select_related("debtor", "debt", "programme", "batch")
    case = related.filter(org=org, ref=ref).first()
    if case is None:
        raise NotFound()
    return case
