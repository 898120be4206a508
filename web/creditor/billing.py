"""The creditor's money with the platform: the float, its floor, top-ups, and each line of commission."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import can
from accounts.models import CreditorOrg
from core import clock
from core.money import Money
from marketplace.models import Programme
from payments import states
from payments.models import TopUp
from payments.selectors.wallet import WalletView, billing_lines, wallet
from payments.services.topups import start_topup
from web import formatting
from web.access import CreditorRequest, creditor_required, sent_from
from web.creditor.case_forms import TopUpForm
from web.creditor.shared import actor_of, link, page, tried
from web.creditor.words import percent

_TOPUP_WORDS = {states.CONFIRMED: ("ok", "check"), states.FAILED: ("warn", "alert")}


@require_safe
@creditor_required("view")
def billing(request: CreditorRequest) -> HttpResponse:
    """The wallet, what it must hold and why, and where it went."""
    return _billing(request, TopUpForm(currency=_currency(request.org), initial={"key": uuid.uuid4().hex}))


@creditor_required("money")
@sent_from("creditor:billing")
def topup(request: CreditorRequest) -> HttpResponse:
    """Ask for a transfer into the wallet. It grows when the provider says that the money arrived."""
    currency = _currency(request.org)
    form = TopUpForm(request.POST, currency=currency)
    status = 400
    if form.is_valid():
        asked, status = tried(form, lambda: start_topup(
            org=request.org, amount_minor=form.cleaned_data["amount"], currency=currency, actor=actor_of(request),
            at=clock.now(), tap=form.cleaned_data["key"],
        ))  # fmt: skip
        if asked is not None:
            messages.success(request, _("The transfer is asked for. The float grows when the money arrives."))
            return HttpResponseRedirect(link("billing"))
    return _billing(request, form, status=status)


def _currency(org: CreditorOrg) -> str:
    found = Programme.objects.filter(org=org).order_by("pk").values_list("currency", flat=True).first()
    return found or "USD"


def _billing(request: CreditorRequest, form: TopUpForm, *, status: int = 200) -> HttpResponse:
    view = wallet(org=request.org, currency=form.fields["amount"].currency)  # type: ignore[attr-defined]
    lines = billing_lines(org=request.org)
    context = {
        "wallet": view, "stats": _stats(view), "form": form, "can_pay": can(request.membership, "money"),
        "lines": [{"line": line, "rate": percent(line.rate_bps), "state": _line_words(line.state)} for line in lines],
        "topups": [{"topup": one, "tag": _topup_words(one)} for one in view.topups], "section": "billing",
        "has_vat": any(line.vat_minor for line in lines),
        "is_simulated": settings.PAYMENTS_BACKEND == "fake",
    }  # fmt: skip
    return page(request, "creditor/billing.html", context, status=status)


def _stats(view: WalletView) -> list[dict[str, Any]]:
    def stat(label: str, minor: int, note: str) -> dict[str, Any]:
        return {"label": label, "value": formatting.amount(Money(minor, view.currency)), "note": note}

    found = [
        stat(_("Float"), view.balance_minor, _("what your commission is paid from")),
        stat(_("Floor"), view.floor_minor, _("below it new work pauses")),
        stat(_("Expected"), view.committed_minor, _("commission on payments that have not cleared")),
    ]
    if view.receivable_minor:
        found.append(stat(_("Invoiced"), view.receivable_minor, _("commission you owe")))
    return found


def _line_words(state: str) -> str:
    return {"estimated": _("Estimated"), "credited": _("Credited")}.get(state, _("Booked"))


def _topup_words(topup: TopUp) -> dict[str, str]:
    tone, icon = _TOPUP_WORDS.get(topup.state, ("info", "clock"))
    words = {states.CONFIRMED: _("Arrived"), states.FAILED: _("Refused")}.get(topup.state, _("On its way"))
    return {"label": words, "tone": tone, "icon": icon}
