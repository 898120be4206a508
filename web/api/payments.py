"""Payments and their reversals as a creditor's system reports them."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response

from core import clock
from core.errors import NotFound
from marketplace.selectors.cases import creditor_case
from marketplace.services.debts import Parts
from payments.errors import PaymentReferenceUsed
from payments.models import Payment, Reversal
from payments.models.payment import INSTRUMENTS
from payments.selectors.wallet import payments_of
from payments.services.payments import report_payment, reverse_payment
from web.api.auth import CreditorApiView, client_of
from web.api.fields import MinorField, MomentField, checked


class PaymentIn(serializers.Serializer[Any]):
    """What is reported: the case, what was paid, when and how, and the creditor's own reference."""

    case = serializers.CharField(max_length=20)
    amount_minor = MinorField()
    currency = serializers.CharField(max_length=3)
    initiated_at = MomentField()
    instrument = serializers.ChoiceField(choices=INSTRUMENTS)
    external_ref = serializers.CharField(max_length=80)


class PartsOut(serializers.Serializer[Any]):
    """An amount by what it was applied to, in minor units."""

    principal_minor = MinorField()
    interest_minor = MinorField()
    fees_minor = MinorField()


class PaymentOut(PaymentIn):
    """The payment as recorded. Nothing here changes later, so that a repeated report gets the same answer."""

    ref = serializers.CharField()
    parts = PartsOut()
    reported_at = MomentField()
    clears_at = MomentField()
    is_late_report = serializers.BooleanField()


class ReversalIn(serializers.Serializer[Any]):
    """What is taken back: all that is left of the payment, or the parts named."""

    external_ref = serializers.CharField(max_length=80)
    reason = serializers.CharField(max_length=40)
    parts = PartsOut(required=False)


class ReversalOut(serializers.Serializer[Any]):
    """The reversal as recorded."""

    payment = serializers.CharField()
    external_ref = serializers.CharField()
    reason = serializers.CharField()
    amount_minor = MinorField()
    currency = serializers.CharField()
    parts = PartsOut()
    at = MomentField()


def parts_of(row: Payment | Reversal) -> dict[str, int]:
    return {
        "principal_minor": row.principal_minor, "interest_minor": row.interest_minor, "fees_minor": row.fees_minor,
    }  # fmt: skip


def payment_body(payment: Payment, case_ref: str) -> dict[str, Any]:
    """A payment as the API tells it."""
    return {
        "ref": payment.ref, "case": case_ref, "external_ref": payment.external_ref,
        "amount_minor": payment.amount_minor, "currency": payment.currency, "parts": parts_of(payment),
        "instrument": payment.instrument, "initiated_at": payment.initiated_at.isoformat(),
        "reported_at": payment.reported_at.isoformat(), "clears_at": payment.clears_at.isoformat(),
        "is_late_report": payment.is_late_report,
    }  # fmt: skip


class PaymentsView(CreditorApiView):
    """Report a payment the debtor made to the creditor."""

    parser_classes = (JSONParser,)
    rights: ClassVar[dict[str, str]] = {"POST": "money"}

    @extend_schema(request=PaymentIn, responses={201: PaymentOut}, operation_id="report_payment")
    def post(self, request: Request) -> Response:
        """Idempotent by `external_ref`: the same report again gets the same answer, another one 409."""
        given, client = checked(PaymentIn(data=request.data)), client_of(request)
        case = creditor_case(org=client.org, ref=given.pop("case"))
        elsewhere = payments_of(org=client.org).filter(external_ref=given["external_ref"]).exclude(case=case)
        if elsewhere.exists():
            raise PaymentReferenceUsed(reference=given["external_ref"])
        payment = report_payment(case=case, **given, actor=client.actor, at=clock.now())
        # Read back, so that the first answer and a repeated one carry the same digits.
        payment.refresh_from_db()
        return Response(payment_body(payment, case.ref), status=status.HTTP_201_CREATED)


class ReversalsView(CreditorApiView):
    """Take a payment back."""

    parser_classes = (JSONParser,)
    rights: ClassVar[dict[str, str]] = {"POST": "money"}

    @extend_schema(request=ReversalIn, responses={201: ReversalOut}, operation_id="reverse_payment")
    def post(self, request: Request, ref: str) -> Response:
        """It bounced, was recalled or charged back. Idempotent by `external_ref`, like payments."""
        given, client = checked(ReversalIn(data=request.data)), client_of(request)
        payment = payments_of(org=client.org).filter(ref=ref).first()
        if payment is None:
            raise NotFound()
        named = given.get("parts")
        parts = Parts(named["principal_minor"], named["interest_minor"], named["fees_minor"]) if named else None
        reversal = reverse_payment(
            payment=payment, external_ref=given["external_ref"], reason=given["reason"], parts=parts,
            actor=client.actor, at=clock.now(),
        )  # fmt: skip
        reversal.refresh_from_db()
        if reversal.reason != given["reason"]:
            raise PaymentReferenceUsed(reference=given["external_ref"])
        body = {
            "payment": payment.ref, "external_ref": reversal.external_ref, "reason": reversal.reason,
            "amount_minor": reversal.amount_minor, "currency": payment.currency, "parts": parts_of(reversal),
            "at": reversal.at.isoformat(),
        }  # fmt: skip
        return Response(body, status=status.HTTP_201_CREATED)
