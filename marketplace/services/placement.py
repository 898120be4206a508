"""The second half of a placement: staged rows become cases in chunks, each its own transaction."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from accounts.models import CreditorOrg
from core.bulk import copy_in
from core.crypto import keyed_hash, seal, unseal
from core.events import First, record, record_firsts
from core.ids import new_ref, new_token
from marketplace import states
from marketplace.models import Batch, BatchRow, Case, ContactPoint, Debt, Debtor, Person
from marketplace.placement import codes
from marketplace.placement.rows import NormalisedRow
from marketplace.services.staging import PLACED_BEFORE, case_refs, recount, unpack_row

CHUNK = 500


@dataclass(frozen=True, slots=True)
class Placed:
    """A new case with the flags its row carried; whoever calls opens the holds they ask for."""

    case: Case
    flags: tuple[str, ...]


def commit_chunk(*, batch: Batch, at: datetime, size: int = CHUNK) -> list[Placed] | None:
    """Turn the next rows of a judged batch into cases; None when none are left.

    Runs inside the caller's transaction. The creditor's row is locked, so two placements of one creditor take turns
    and an account becomes a case once; a row whose account was taken meanwhile becomes a duplicate of that case.
    """
    CreditorOrg.objects.select_for_update(no_key=True).get(pk=batch.programme.org_id)
    waiting = BatchRow.objects.select_for_update().filter(batch=batch, verdict=codes.ACCEPTED, is_done=False)
    rows = list(waiting.order_by("line")[:size])
    if not rows:
        return None
    known = case_refs(batch.programme.org_id, [row.account_ref for row in rows])
    fresh = [row for row in rows if row.account_ref not in known]
    for row in rows:
        row.is_done = True
        if row.account_ref in known:
            row.verdict, row.code, row.case_ref = codes.DUPLICATE, codes.DUPLICATE_OF_CASE, known[row.account_ref]
            row.field, row.reason = "account_ref", str(PLACED_BEFORE)
    values = [unpack_row(unseal(row.raw_sealed or b""))[0] for row in fresh]
    placed = _make_cases(batch, values, at)
    for row, one in zip(fresh, placed, strict=True):
        row.case_ref = one.case.ref
    _mark_done(rows)
    return placed


def _mark_done(rows: list[BatchRow]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE marketplace_batchrow r SET is_done = true, verdict = v.verdict, code = v.code, case_ref = v.ref,
                   field = v.field, reason = v.reason
              FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[])
                   AS v(id, verdict, code, ref, field, reason)
             WHERE r.id = v.id
            """,
            [
                [row.pk for row in rows], [row.verdict for row in rows], [row.code for row in rows],
                [row.case_ref for row in rows], [row.field for row in rows], [row.reason for row in rows],
            ],
        )  # fmt: skip


def finish(*, batch: Batch, actor: str, at: datetime) -> Batch:
    """Close a batch whose rows are all done, and tell its programme once."""
    with transaction.atomic():
        locked = Batch.objects.select_for_update(of=("self",)).select_related("programme").get(pk=batch.pk)
        if locked.state == states.JUDGED:
            recount(locked)
            locked.state, locked.committed_at = states.COMMITTED, at
            locked.save(update_fields=["state", "committed_at"])
            record(
                name="batch.committed", stream=f"programme:{locked.programme_id}", actor=actor, at=at,
                creditor_id=locked.programme.org_id, data={"batch": locked.ref, "verdicts": locked.verdicts},
            )  # fmt: skip
    return locked


def run_checked(*, batch: Batch, at: datetime) -> Batch:
    """Let a dry run become a real one: its rows are judged against the cases of now when they are committed."""
    with transaction.atomic():
        Batch.objects.filter(pk=batch.pk, state=states.CHECKED).update(state=states.JUDGED, created_at=at)
    batch.refresh_from_db()
    return batch


def _make_cases(batch: Batch, values: list[NormalisedRow], at: datetime) -> list[Placed]:
    programme, org = batch.programme, batch.programme.org
    debtors = _debtors(org, values, at)
    debts = copy_in([_debt(org, debtors[_key(row)], row, at) for row in values])
    cases = []
    for debt in debts:
        token = new_token()
        cases.append(
            Case(
                ref=new_ref("K"), org=org, programme_id=programme.pk, batch_id=batch.pk, debtor=debt.debtor, debt=debt,
                placed_minor=debt.placed_minor, placed_at=at, link_hash=keyed_hash(token, purpose="link"),
                link_sealed=seal(token, key_id=org.key_id),
            )
        )  # fmt: skip
    copy_in(cases)
    firsts = [First(stream=case.stream, data={"batch": batch.ref, "currency": case.debt.currency,
                                              "amount_minor": case.placed_minor}) for case in cases]  # fmt: skip
    record_firsts(firsts, name="case.placed", actor=batch.created_by, at=at, creditor_id=org.pk)
    return [Placed(case, row.flags) for case, row in zip(cases, values, strict=True)]


def _key(row: NormalisedRow) -> str:
    """The debtor's key within the creditor: the customer reference, else the account's own."""
    return row.customer_ref or f"acct:{row.account_ref}"


def _debtors(org: CreditorOrg, values: list[NormalisedRow], at: datetime) -> dict[str, Debtor]:
    """The debtor of each row, made when new; one customer's accounts share one debtor."""
    found = {debtor.key: debtor for debtor in Debtor.objects.filter(org=org, key__in=[_key(row) for row in values])}
    wanted = {_key(row): row for row in values if _key(row) not in found}
    identities = {key: _identity(org, row) for key, row in wanted.items()}
    persons = _persons({identities[key]: row for key, row in wanted.items()})
    made = copy_in([_debtor(org, persons[identities[key]], key, row) for key, row in wanted.items()])
    found |= {debtor.key: debtor for debtor in made}
    _add_points(org, values, found, at)
    return found


def _add_points(org: CreditorOrg, values: list[NormalisedRow], debtors: dict[str, Debtor], at: datetime) -> None:
    """Numbers and addresses of these rows that their debtors do not have yet."""
    known = ContactPoint.objects.filter(debtor__in=debtors.values()).values_list("debtor_id", "kind", "hash")
    have = {(debtor, kind, bytes(digest)) for debtor, kind, digest in known}
    fresh: dict[tuple[int, str, bytes], ContactPoint] = {}
    for row in values:
        for point in _points(org, debtors[_key(row)], row, at):
            name = (point.debtor_id, point.kind, bytes(point.hash))
            if name not in have:
                fresh.setdefault(name, point)
    copy_in(list(fresh.values()))


def _identity(org: CreditorOrg, row: NormalisedRow) -> bytes:
    """One human across creditors only where normalised name, phone and region all agree; else this creditor's own."""
    if row.phone_e164:
        name = " ".join(unicodedata.normalize("NFKC", row.name).casefold().split())
        return keyed_hash(f"{name}|{row.phone_e164}|{row.country}-{row.state}", purpose="identity")
    return keyed_hash(f"org:{org.pk}|{_key(row)}", purpose="identity")


def _persons(wanted: dict[bytes, NormalisedRow]) -> dict[bytes, int]:
    """The key of each identity's person, made when new."""
    # another creditor's placement may make the same person at this moment: the unique hash keeps one
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO marketplace_person (ref, identity_hash, region, country)
            SELECT * FROM unnest(%s::text[], %s::bytea[], %s::text[], %s::text[]) ON CONFLICT DO NOTHING
            """,
            [
                [new_ref("P") for _identity_hash in wanted], list(wanted), [row.state for row in wanted.values()],
                [row.country for row in wanted.values()],
            ],
        )  # fmt: skip
    found = Person.objects.filter(identity_hash__in=list(wanted)).values_list("identity_hash", "pk")
    return {bytes(identity): key for identity, key in found}


def _debtor(org: CreditorOrg, person_id: int, key: str, row: NormalisedRow) -> Debtor:
    address = {
        "street": row.street, "city": row.city, "postal_code": row.postal_code,
        "latitude": "" if row.lat is None else str(row.lat), "longitude": "" if row.lon is None else str(row.lon),
    }  # fmt: skip
    return Debtor(
        org_id=org.pk, person_id=person_id, key=key[:80], name=row.name, language=row.language, country=row.country,
        region=row.state, city=row.city[:80], zones_address=list(row.address_zones),
        address_sealed=seal(json.dumps(address, ensure_ascii=False), key_id=org.key_id),
    )  # fmt: skip


def _points(org: CreditorOrg, debtor: Debtor, row: NormalisedRow, at: datetime) -> list[ContactPoint]:
    found = []
    for kind, value, zones in (("phone", row.phone_e164, row.phone_zones), ("email", row.email, ())):
        if value:
            found.append(
                ContactPoint(
                    debtor_id=debtor.pk, person_id=debtor.person_id, kind=kind, sealed=seal(value, key_id=org.key_id),
                    hash=keyed_hash(value.lower(), purpose=kind), zones=list(zones), created_at=at,
                )
            )  # fmt: skip
    return found


def _parts(row: NormalisedRow) -> tuple[int, int, int]:
    """Principal, interest and fees in minor units; they add up to the balance.

    What the given parts leave of the balance belongs to a part that the file does not give: to the principal when
    that is missing, else to the fees, else to the interest. So no commission is charged on what nobody called
    principal or interest.
    """
    principal, interest, fees = row.principal_minor, row.interest_minor, row.fees_minor
    rest = row.balance_minor - (principal or 0) - (interest or 0) - (fees or 0)
    if principal is None:
        return rest, interest or 0, fees or 0
    if fees is None:
        return principal, interest or 0, rest
    return principal, rest if interest is None else interest, fees


def _debt(org: CreditorOrg, debtor: Debtor, row: NormalisedRow, at: datetime) -> Debt:
    principal, interest, fees = _parts(row)
    return Debt(
        org_id=org.pk, debtor=debtor, account_ref=row.account_ref, product=row.product, currency=row.currency,
        principal_minor=principal, interest_minor=interest, fees_minor=fees, principal_due_minor=principal,
        interest_due_minor=interest, fees_due_minor=fees, days_past_due_given=row.days_past_due,
        delinquency_date=row.delinquency_date, itemization_date=row.itemization_date,
        last_payment_date=row.last_payment_date, last_payment_minor=row.last_payment_minor,
        statute_date=row.statute_date, flags=list(row.flags), ledger_as_of=at,
    )  # fmt: skip
