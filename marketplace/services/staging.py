"""The first half of a placement: a file is read, judged and staged in one transaction, all of it or nothing."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext_lazy as _

from core.crypto import seal
from core.errors import DomainError
from core.ids import new_ref
from marketplace import states
from marketplace.models import Batch, BatchRow, Case, Programme
from marketplace.placement import codes
from marketplace.placement.judge import judge_rows
from marketplace.placement.reading import Reading, read_file
from marketplace.placement.rows import NormalisedRow, ProgrammeDefaults, Verdict

MAX_BYTES = 200 * 1024 * 1024
PLACED_BEFORE = _("This account was placed before.")
_COLUMNS = "batch_id, line, account_ref, verdict, code, field, reason, raw_sealed, case_ref, is_done"


class PlacementKeyReused(DomainError):
    """An idempotency key came back with another file."""

    code = "placement_key_reused"
    sentence = _("This idempotency key was used for another file. Use a new key for a new placement.")


class FileTooLarge(DomainError):
    code = "file_too_large"
    http_status = 413
    sentence = _("The file is over 200 MB. Split it and place the parts one by one.")


def stage_file(
    *, programme: Programme, data: bytes, filename: str, as_of: date, dry_run: bool, actor: str, at: datetime,
    idempotency_key: str | None = None,
) -> Batch:  # fmt: skip
    """Read, judge and store a file with one verdict a row. Nothing becomes a case yet.

    A batch of the same bytes, programme and day that was judged but not finished is returned as it is, so that a
    placement that was cut off goes on where it stopped; a dry run never takes one up. With an idempotency key the
    batch of that key is returned.
    A file that cannot be read becomes a refused batch that says why. Raises PlacementKeyReused, FileTooLarge.
    """
    if len(data) > MAX_BYTES:
        raise FileTooLarge()
    digest = hashlib.sha256(data).digest()
    if (not dry_run or idempotency_key) and (earlier := _earlier(programme, digest, as_of, idempotency_key)):
        return earlier
    reading = read_file(data, filename=filename)
    try:
        with transaction.atomic():
            batch = Batch.objects.create(
                programme=programme, ref=new_ref("B"), filename=filename[:200], body_hash=digest, as_of=as_of,
                idempotency_key=idempotency_key, created_by=actor, created_at=at, reading=_told(reading),
                ignored_columns=list(reading.ignored),
                refused_reason=reading.refused.message if reading.refused else "",
                state=states.FILE_REFUSED if reading.refused else states.STAGED,
            )  # fmt: skip
            if reading.refused is None:
                _stage(batch, reading, dry_run=dry_run)
    except IntegrityError:
        if found := _earlier(programme, digest, as_of, idempotency_key):  # the same key was staged meanwhile
            return found
        raise
    return batch


def _earlier(programme: Programme, digest: bytes, as_of: date, key: str | None) -> Batch | None:
    if key is not None:
        found = Batch.objects.filter(programme=programme, idempotency_key=key).first()
        if found and bytes(found.body_hash) != digest:
            raise PlacementKeyReused()
        return found
    rows = Batch.objects.filter(programme=programme, body_hash=digest, as_of=as_of, state=states.JUDGED)
    return rows.order_by("pk").first()


def _told(reading: Reading) -> dict[str, Any]:
    return {
        "encoding": reading.encoding, "separator": reading.separator, "headings": list(reading.headings),
        "skipped": [line for line, _text in reading.skipped_lines],
    }  # fmt: skip


def _stage(batch: Batch, reading: Reading, *, dry_run: bool) -> None:
    programme = batch.programme
    defaults = ProgrammeDefaults(
        currency=programme.currency, country=programme.country, language=programme.language, product=programme.product
    )
    key_id = programme.org.key_id
    verdicts = judge_rows(reading, defaults=defaults, as_of=batch.as_of)
    with connection.cursor() as cursor, cursor.copy(f"COPY marketplace_batchrow ({_COLUMNS}) FROM STDIN") as copy:
        also: dict[str, list[str]] = {}
        for row in _lines(batch.pk, verdicts, key_id, also):
            copy.write_row(row)
    batch.reading["also"] = also
    _mark_known(batch)
    _count(batch)
    Batch.objects.filter(pk=batch.pk).update(state=states.JUDGED)
    if dry_run:
        Batch.objects.filter(pk=batch.pk).update(state=states.CHECKED)
    batch.refresh_from_db()


def _lines(
    batch_id: int, verdicts: Iterator[Verdict], key_id: str, also: dict[str, list[str]]
) -> Iterator[tuple[Any, ...]]:
    """Rows for COPY. `also` collects, by line, the codes that hold beside the leading one."""
    for verdict in verdicts:
        if len(verdict.codes) > 1 and verdict.verdict == codes.ACCEPTED:
            also[str(verdict.line)] = [code for code in verdict.codes if code != verdict.code]
        ref = verdict.fields.account_ref if verdict.fields else ""
        yield (
            batch_id, verdict.line, ref[:80], verdict.verdict, verdict.code, verdict.field, verdict.reason,
            seal(pack_row(verdict), key_id=key_id), "", False,
        )  # fmt: skip


def pack_row(verdict: Verdict) -> str:
    """A row as it is sealed: its cells as written, every code that holds, and its values when it was understood."""
    values = verdict.fields._asdict() if verdict.fields else None
    # dates and coordinates are written as their text
    body = {"cells": verdict.cells, "codes": verdict.codes, "fields": values}
    return json.dumps(body, ensure_ascii=False, default=str)


_DATES = ("delinquency_date", "itemization_date", "last_payment_date", "statute_date")
_TUPLES = ("address_zones", "phone_zones", "flags")


def unpack_row(text: str) -> tuple[NormalisedRow, list[str]]:
    """The values and codes of an accepted row."""
    body = json.loads(text)
    values: dict[str, Any] = body["fields"]
    for name in _DATES:
        values[name] = date.fromisoformat(values[name]) if values[name] else None
    for name in _TUPLES:
        values[name] = tuple(values[name])
    for name in ("lat", "lon"):
        values[name] = Decimal(values[name]) if values[name] is not None else None
    return NormalisedRow(**values), body["codes"]


def _mark_known(batch: Batch) -> None:
    """Accounts that this creditor has placed before become duplicates of their case, in one statement."""
    with connection.cursor() as cursor:
        # rows copied a moment ago have no statistics yet, and a nested loop over them is quadratic
        cursor.execute("SET LOCAL enable_nestloop = off")
        cursor.execute(
            """
            UPDATE marketplace_batchrow r SET verdict = %s, code = %s, field = 'account_ref', reason = %s,
                   case_ref = known.ref
              FROM (SELECT DISTINCT ON (d.account_ref) d.account_ref, c.ref
                      FROM marketplace_debt d JOIN marketplace_case c ON c.debt_id = d.id
                     WHERE d.org_id = %s ORDER BY d.account_ref, c.id DESC) known
             WHERE r.batch_id = %s AND r.verdict = %s AND r.account_ref = known.account_ref
            """,
            [
                codes.DUPLICATE, codes.DUPLICATE_OF_CASE, str(PLACED_BEFORE),
                batch.programme.org_id, batch.pk, codes.ACCEPTED,
            ],
        )  # fmt: skip
        cursor.execute("SET LOCAL enable_nestloop = on")


def _count(batch: Batch) -> None:
    tally = Counter(BatchRow.objects.filter(batch=batch).values_list("verdict", "code"))
    by_verdict = dict.fromkeys(codes.VERDICTS, 0)
    by_code: Counter[str] = Counter()
    for (verdict, code), number in tally.items():
        by_verdict[verdict] += number
        by_code[code] += number
    by_code.update(_beside(batch))
    batch.rows, batch.verdicts, batch.codes = sum(by_verdict.values()), by_verdict, dict(by_code)
    batch.save(update_fields=["rows", "verdicts", "codes", "reading"])


def _beside(batch: Batch) -> list[str]:
    """The further codes of the rows that are still accepted."""
    also: dict[str, list[str]] = batch.reading.get("also", {})
    accepted = BatchRow.objects.filter(batch=batch, verdict=codes.ACCEPTED, line__in=[int(line) for line in also])
    return [code for line in accepted.values_list("line", flat=True) for code in also[str(line)]]


def recount(batch: Batch) -> None:
    """Bring a batch's counts up to its rows (a row may have become a duplicate while the file was committed)."""
    _count(batch)


def case_refs(org_id: int, accounts: list[str]) -> dict[str, str]:
    """The newest case of each of these accounts that has one."""
    rows = Case.objects.filter(org=org_id, debt__account_ref__in=accounts).order_by("pk")
    return dict(rows.values_list("debt__account_ref", "ref"))
