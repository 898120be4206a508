"""Import: upload, check (a dry run), run, result. Every line has one verdict, and the bad ones can be fetched."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from typing import Any, cast

from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from compliance.services.notices import send_notices
from compliance.services.placing import commit_batch, place_file
from core import clock
from core.crypto import unseal
from core.errors import DomainError, NotFound
from marketplace import states
from marketplace.local import market_day
from marketplace.models import Batch, BatchRow, Case, Programme
from marketplace.placement.text import escape_for_export
from marketplace.services.placement import run_checked
from payments.services.publish import list_cases
from web.access import CreditorRequest, creditor_required, sent_from
from web.creditor.import_forms import UploadForm

SHOWN = 20


@require_http_methods(["GET", "HEAD", "POST"])
@creditor_required("place")
def upload(request: HttpRequest) -> HttpResponseBase:
    """Choose a programme and a file. The file is only checked here: nothing becomes a case yet."""
    asked = cast(CreditorRequest, request)
    at = clock.now()
    programmes = Programme.objects.filter(org=asked.org).select_related("org")
    form = UploadForm(
        request.POST or None, request.FILES or None, programmes=programmes, initial={"as_of": market_day(at)}
    )
    status = 200
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            batch = place_file(
                programme=form.cleaned_data["programme"], data=file.read(), filename=file.name, dry_run=True,
                as_of=form.cleaned_data["as_of"], actor=f"user:{request.user.pk}", at=at,
            )  # fmt: skip
        except DomainError as refusal:
            form.add_error("file", refusal.message)
            status = refusal.http_status
        else:
            return redirect("creditor:import_batch", ref=batch.ref)
    recent = Batch.objects.filter(programme__org=asked.org).select_related("programme")[:10]
    context = {"form": form, "recent": recent, "has_programmes": programmes.exists(), "section": "import"}
    return render(request, "creditor/import_upload.html", context, status=status)


def _batch(request: HttpRequest, ref: str) -> Batch:
    """One of the viewer's own batches. Raises NotFound."""
    org = cast(CreditorRequest, request).org
    batch = Batch.objects.select_related("programme__org").filter(ref=ref, programme__org=org).first()
    if batch is None:
        raise NotFound()
    return batch


@require_GET
@creditor_required("view")
def batch_page(request: HttpRequest, ref: str) -> HttpResponseBase:
    """The check before the run, or the result after it."""
    batch = _batch(request, ref)
    context = {
        "batch": batch, "groups": _groups(batch), "section": "import",
        "is_check": batch.state in (states.CHECKED, states.JUDGED), "is_refused": batch.state == states.FILE_REFUSED,
        "steps": _steps(batch), "ready": Case.objects.filter(batch=batch, state=states.READY).count(),
        "noticed": Case.objects.filter(batch=batch, state=states.NOTICED).count(),
        "listed": Case.objects.filter(batch=batch, state=states.LISTED).count(),
    }  # fmt: skip
    return render(request, "creditor/import_batch.html", context)


def _steps(batch: Batch) -> list[dict[str, Any]]:
    done = batch.state == states.COMMITTED
    return [
        {"label": _("Upload"), "is_done": True, "is_current": False, "url": ""},
        {"label": _("Check"), "is_done": done, "is_current": not done, "url": ""},
        {"label": _("Run"), "is_done": done, "is_current": done, "url": ""},
    ]


def _groups(batch: Batch) -> list[dict[str, Any]]:
    """The lines that need somebody, by code, most first, each with its first rows."""
    rows = BatchRow.objects.filter(batch=batch).exclude(verdict="accepted").order_by("line")
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows.iterator():
        group = found.setdefault(
            (row.verdict, row.code),
            {"verdict": row.verdict, "code": row.code, "reason": row.reason, "count": 0, "rows": []},
        )
        group["count"] += 1
        if len(group["rows"]) < SHOWN:
            group["rows"].append(row)
    return sorted(found.values(), key=lambda group: (group["verdict"], -group["count"]))


@creditor_required("place")
@sent_from("creditor:import_batch", "ref")
def run(request: HttpRequest, ref: str) -> HttpResponseBase:
    """Make cases of the lines that are ready. A second tap finds the batch done and shows the result."""
    at = clock.now()
    batch = run_checked(batch=_batch(request, ref), at=at)
    if batch.state == states.JUDGED:
        commit_batch(batch=batch, actor=f"user:{request.user.pk}", at=at)
    return redirect("creditor:import_batch", ref=ref)


@creditor_required("publish")
@sent_from("creditor:import_batch", "ref")
def publish(request: HttpRequest, ref: str) -> HttpResponseBase:
    """Put the notices of the batch's cases into the print queue and list what may be listed."""
    batch, at, actor = _batch(request, ref), clock.now(), f"user:{request.user.pk}"
    waiting = Case.objects.filter(batch=batch, state=states.READY).select_related("debtor", "debt", "org")
    send_notices(cases=list(waiting), at=at, actor=actor)
    list_cases(cases=list(Case.objects.filter(batch=batch, state=states.NOTICED)), at=at, actor=actor)
    return redirect("creditor:import_batch", ref=ref)


class _Echo:
    """A file for csv.writer that hands each line on."""

    def write(self, value: str) -> str:
        return value


@require_GET
@creditor_required("place")
def rows_to_fix(request: HttpRequest, ref: str) -> HttpResponseBase:
    """The rejected lines as they were sent, with what to mend; safe to open in a spreadsheet."""
    batch = _batch(request, ref)
    response = StreamingHttpResponse(_lines(batch), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{batch.ref}-to-fix.csv"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _lines(batch: Batch) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield "\ufeff" + str(writer.writerow([*batch.reading.get("headings", []), _("What to fix")]))
    rejected = BatchRow.objects.filter(batch=batch, verdict="rejected").order_by("line")
    for row in rejected.iterator():
        cells = json.loads(unseal(bytes(row.raw_sealed or b"")))["cells"] if row.raw_sealed else []
        yield str(writer.writerow([*map(escape_for_export, cells), f"{row.code}: {row.reason}"]))
