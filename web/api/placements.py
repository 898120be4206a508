"""Placement by a creditor's system: a file, or rows as JSON, through the same service as the page and the command."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any, ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from compliance.services.placing import place_file
from core import clock
from core.errors import BadInput, NotFound
from marketplace.local import market_day
from marketplace.models import Batch, Programme
from web.api.auth import CreditorApiView, client_of

MAX_KEY = 80


class PlacementsView(CreditorApiView):
    """`POST /api/v1/placements`: multipart `programme` and `file`, or JSON `{"programme": …, "rows": [{…}, …]}`.

    The header `Idempotency-Key` makes a repeated call the same placement; with another body it is 409. Every row has
    its result: one bad row never fails the rest.
    """

    parser_classes = (JSONParser, MultiPartParser)
    rights: ClassVar[dict[str, str]] = {"POST": "place"}

    @extend_schema(request=OpenApiTypes.OBJECT, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request) -> Response:
        client, at = client_of(request), clock.now()
        programme = Programme.objects.select_related("org").filter(
            org=client.org, slug=str(_sent(request).get("programme", ""))
        )
        found = programme.first()
        if found is None:
            raise NotFound()
        key = request.headers.get("Idempotency-Key") or None
        if key is not None and len(key) > MAX_KEY:
            raise BadInput(field="Idempotency-Key", reason="Use a key of 80 characters at most.")
        data, filename = _body(request)
        batch = place_file(
            programme=found, data=data, filename=filename, as_of=market_day(at), actor=client.actor, at=at,
            idempotency_key=key,
        )  # fmt: skip
        if batch.refused_reason:
            return Response({"code": "file_refused", "message": batch.refused_reason, "batch": batch.ref}, status=422)
        return Response(_result(batch), status=201)


def _sent(request: Request) -> Mapping[str, Any]:
    """The body as an object; a list or a bare value holds no field."""
    return request.data if isinstance(request.data, Mapping) else {}


def _body(request: Request) -> tuple[bytes, str]:
    file = request.FILES.get("file")
    if file is not None:
        return file.read(), str(file.name)
    rows = _sent(request).get("rows")
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise BadInput(field="rows", reason="Send rows as a list of objects, or a file as multipart.")
    return rows_as_csv(rows), "api.csv"


def rows_as_csv(rows: list[dict[str, Any]]) -> bytes:
    """JSON rows as the CSV file they would have been. Numbers must be sent as text: a float is refused."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    for row in rows:
        if any(isinstance(value, float) for value in row.values()):
            raise BadInput(field="rows", reason='Send amounts as text, for example "1234.57": numbers lose cents.')
    text = io.StringIO()
    writer = csv.DictWriter(text, names, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: "" if value is None else str(value) for name, value in row.items()} for row in rows)
    return text.getvalue().encode()


def _result(batch: Batch) -> dict[str, Any]:
    lines = batch.lines.order_by("line").values_list("line", "verdict", "code", "field", "reason", "case_ref")
    return {
        "batch": batch.ref, "state": batch.state, "rows": batch.rows, "verdicts": batch.verdicts, "codes": batch.codes,
        "lines": [
            {"line": line, "verdict": verdict, "code": code, "field": field, "reason": reason, "case": case or None}
            for line, verdict, code, field, reason, case in lines
        ],
    }  # fmt: skip
