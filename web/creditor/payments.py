"""Payments by page: reporting one, and taking one back."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from core import clock
from core.money import Money
from insight.selectors.casefile import payment_of
from marketplace.selectors.cases import creditor_case
from payments.models import Payment, Reversal
from payments.selectors.facts import local_zone
from payments.selectors.wallet import payments_of
from payments.selectors.work import left_of
from payments.services.payments import report_payment, reverse_payment
from web import formatting
from web.access import CreditorRequest, creditor_required
from web.creditor.case_forms import PaymentForm, ReversalForm
from web.creditor.shared import Act, act, actor_of, link, posted


@require_http_methods(["GET", "HEAD", "POST"])
@creditor_required("money")
def payment_report(request: CreditorRequest, ref: str) -> HttpResponse:
    """Report what the account holder paid to the creditor."""
    case, at = creditor_case(org=request.org, ref=ref), clock.now()
    currency, zone = case.debt.currency, local_zone(case)
    first = None if request.method == "POST" else {"paid_on": at.astimezone(zone).date()}
    form = PaymentForm(posted(request), currency=currency, zone=zone, at=at, initial=first)
    due = formatting.amount(Money(case.debt.balance_minor, currency))
    words = Act(
        title=_("Report a payment"), button=_("Report the payment"), back_url=link("case", ref),
        back=_("Case %(ref)s") % {"ref": ref}, lead=_("%(due)s is still due.") % {"due": due},
        note=_("It is applied to principal first, then interest, then fees. No commission is due on fees."),
    )  # fmt: skip

    def report() -> tuple[Payment, bool]:
        given = form.cleaned_data
        earlier = payments_of(org=request.org, case_ref=ref).filter(external_ref=given["external_ref"]).first()
        payment = report_payment(
            case=case, amount_minor=given["amount"], currency=currency, instrument=given["instrument"],
            initiated_at=_moment(form, earlier), external_ref=given["external_ref"], actor=actor_of(request), at=at,
        )  # fmt: skip
        return payment, earlier is not None

    return act(request, form, words, report, done=lambda made: _recorded(*made))


def _recorded(payment: Payment, is_repeated: bool) -> str:
    """What happened to a report: a repeated one counted once, and a reference may stand on several accounts."""
    if is_repeated:
        on = formatting.moment(payment.reported_at, clock.MARKET_ZONE)
        return _("This payment was recorded before, on %(on)s. It counts once.") % {"on": on}
    twins = Payment.objects.filter(case__org=payment.case.org_id, external_ref=payment.external_ref)
    other = twins.exclude(case=payment.case_id).select_related("case").order_by("pk").first()
    if other is None:
        return _("The payment is recorded.")
    words = _("The payment is recorded. Its reference stands on case %(ref)s too: if it is one payment, take one back.")
    return words % {"ref": other.case.ref}


def _moment(form: PaymentForm, earlier: Payment | None) -> datetime:
    """When it was paid. A form sent twice means the same moment, though "today" was read off a later clock."""
    wanted, given = form.initiated_at(), form.cleaned_data
    if earlier is None or given["paid_at"]:
        return wanted
    is_same_day = earlier.initiated_at.astimezone(form.zone).date() == given["paid_on"]
    return earlier.initiated_at if is_same_day else wanted


@require_http_methods(["GET", "HEAD", "POST"])
@creditor_required("money")
def payment_reverse(request: CreditorRequest, ref: str) -> HttpResponse:
    """Take back what is left of a payment."""
    payment = payment_of(org=request.org, ref=ref)
    form = ReversalForm(posted(request))
    left = formatting.amount(Money(sum(left_of(payment)), payment.currency))
    words = Act(
        title=_("Take a payment back"), button=_("Take it back"), back_url=link("case", payment.case.ref),
        back=_("Case %(ref)s") % {"ref": payment.case.ref},
        lead=_("%(left)s of payment %(ref)s goes back onto the debt, and its commission is returned to you.")
        % {"left": left, "ref": payment.external_ref},
    )  # fmt: skip

    def reverse() -> Reversal:
        given = form.cleaned_data
        return reverse_payment(
            payment=payment, external_ref=given["external_ref"], reason=given["reason"], actor=actor_of(request),
            at=clock.now(),
        )  # fmt: skip

    return act(request, form, words, reverse, done=_("The payment is taken back."))
