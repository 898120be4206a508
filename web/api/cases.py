"""A case as its creditor's system reads it: where it stands and what is due. No phone, no collector."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from compliance.services.holds import standing
from core import clock
from marketplace.selectors.cases import creditor_case
from payments.selectors.wallet import payments_of
from web.api.auth import CreditorApiView, client_of
from web.api.fields import MinorField, MomentField
from web.api.payments import PartsOut, parts_of


class CasePaymentOut(serializers.Serializer[Any]):
    """One payment reported on the case."""

    ref = serializers.CharField()
    external_ref = serializers.CharField()
    amount_minor = MinorField()
    parts = PartsOut()
    state = serializers.CharField()
    initiated_at = MomentField()


class CaseOut(serializers.Serializer[Any]):
    """A case. Amounts in minor units of `currency`; `holds` are the reasons for which contact is paused now."""

    ref = serializers.CharField()
    programme = serializers.CharField()
    account_ref = serializers.CharField()
    state = serializers.CharField()
    close_code = serializers.CharField()
    not_listed_reason = serializers.CharField()
    currency = serializers.CharField()
    placed_minor = MinorField()
    balance_minor = MinorField()
    parts = PartsOut()
    delinquency_date = serializers.DateField()
    placed_at = MomentField()
    closed_at = MomentField(allow_null=True)
    holds = serializers.ListField(child=serializers.CharField())
    payments = CasePaymentOut(many=True)


class CaseView(CreditorApiView):
    """Read one case."""

    @extend_schema(responses={200: CaseOut}, operation_id="read_case")
    def get(self, request: Request, ref: str) -> Response:
        """The case's state, what is due by parts, its holds and payments."""
        org, at = client_of(request).org, clock.now()
        case = creditor_case(org=org, ref=ref)
        debt = case.debt
        body = {
            "ref": case.ref, "programme": case.programme.slug, "account_ref": debt.account_ref, "state": case.state,
            "close_code": case.close_code, "not_listed_reason": case.not_listed_reason, "currency": debt.currency,
            "placed_minor": case.placed_minor, "balance_minor": debt.balance_minor,
            "parts": {
                "principal_minor": debt.principal_due_minor, "interest_minor": debt.interest_due_minor,
                "fees_minor": debt.fees_due_minor,
            },
            "delinquency_date": debt.delinquency_date.isoformat(), "placed_at": case.placed_at.isoformat(),
            "closed_at": case.closed_at.isoformat() if case.closed_at else None,
            "holds": sorted({hold.reason for hold in standing(case, at=at)}),
            "payments": [
                {
                    "ref": row.ref, "external_ref": row.external_ref, "amount_minor": row.amount_minor,
                    "parts": parts_of(row), "state": row.state, "initiated_at": row.initiated_at.isoformat(),
                }
                for row in payments_of(org=org, case_ref=case.ref)
            ],
        }  # fmt: skip
        return Response(body)
