"""Fields that take exactly what they say: an integer is not a float, a moment names its offset."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.errors import BadInput

MAX_MINOR = 10**15


@extend_schema_field(OpenApiTypes.INT64)
class MinorField(serializers.Field[int, Any, int, Any]):
    """Money in minor units. 1204.5, 1204.0 and "1204" are all refused: who sends them may mean something else."""

    default_error_messages = {
        "invalid": _("Send the amount as a whole number of minor units, for example 120450."),
        "range": _("The amount is out of range."),
    }

    def to_internal_value(self, data: Any) -> int:
        if type(data) is not int:
            self.fail("invalid")
        if not 0 <= data <= MAX_MINOR:
            self.fail("range")
        return int(data)

    def to_representation(self, value: int) -> int:
        return value


@extend_schema_field(OpenApiTypes.DATETIME)
class MomentField(serializers.Field[datetime, Any, str, Any]):
    """An instant in ISO 8601 with its offset; without one nobody knows which day it was where the money moved."""

    default_error_messages = {"invalid": _("Send the moment with its offset, for example 2026-11-03T10:05:00-05:00.")}

    def to_internal_value(self, data: Any) -> datetime:
        try:
            found = parse_datetime(data) if isinstance(data, str) else None
        except ValueError:
            found = None
        if found is None or found.tzinfo is None:
            self.fail("invalid")
        return found

    def to_representation(self, value: datetime) -> str:
        return value.isoformat()


def checked(serializer: serializers.Serializer[Any]) -> dict[str, Any]:
    """The validated values, or the first problem as BadInput with its field, like every other refusal."""
    if serializer.is_valid():
        return dict(serializer.validated_data)
    field, problem = next(iter(serializer.errors.items()))
    while isinstance(problem, dict):
        inner, problem = next(iter(problem.items()))
        field = f"{field}.{inner}"
    raise BadInput(field=str(field), reason=str(problem[0]))
