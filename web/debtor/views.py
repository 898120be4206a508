"""The debtor's private pages: neutral until a second fact is given, rights before payment, each act confirmed."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from compliance.models import Dispute, Hold
from compliance.notice_pdf import render_pdf
from compliance.notice_words import (
    Line,
    amounts,
    creditor_prompt,
    creditor_then,
    day_words,
    dispute_prompts,
    purpose,
    rights,
)
from compliance.services import portal
from compliance.services.disputes import open_dispute
from compliance.services.notices import content_of
from compliance.services.stops import stop_contact
from core import clock
from core.errors import BadInput, DomainError, NotFound
from core.money import Money
from marketplace import states
from marketplace.local import local_day
from marketplace.models import Case, Debt
from payments.models import PaidStatement
from payments.selectors.wallet import waiting_statements
from payments.services.statements import state_paid
from web.access import DebtorRequest, close_debtor_session, debtor_session, open_debtor_session, sent_from
from web.debtor.forms import DisputeForm, PaidForm, SecondFactForm
from web.debtor.pages import page, posted, while_open
from web.formatting import amount

_TOKEN = "debtor_link"  # noqa: S105 - a session key


@require_http_methods(["GET", "HEAD", "POST"])
def landing(request: HttpRequest, token: str) -> HttpResponseBase:
    """The link of the letter. It says nothing until it is opened by a button, so that scanners find nothing to open."""
    case = portal.case_of_link(token, at=clock.now())
    if request.method == "POST":
        if case is None:
            return page(request, "dead", {}, status=404)
        request.session[_TOKEN] = token
        return redirect("debtor:check")
    # an unknown link looks the same, so that nobody can find out which exist
    return page(request, "landing", {"token": token})


@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest) -> HttpResponseBase:
    """Ask for one thing that only the person is likely to know."""
    case = portal.case_of_link(request.session.get(_TOKEN, ""), at=clock.now())
    if case is None:
        return redirect("debtor:ended")
    form = SecondFactForm(posted(request))
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            portal.check_second_fact(
                case=case, answer=form.cleaned_data["answer"], origin=request.META.get("REMOTE_ADDR", "")
            )
        except portal.TooManyTries as refusal:
            return page(request, "check", {"locked": refusal.message}, status=refusal.http_status)
        except DomainError as refusal:
            form.add_error("answer", refusal.message)
            status = refusal.http_status
        else:
            open_debtor_session(request, case)
            return redirect("debtor:home")
    return page(request, "check", {"form": form}, status=status)


@require_GET
@debtor_session
def home(request: DebtorRequest) -> HttpResponse:
    """What is said to be owed in its parts, and the choices: rights first, payment last."""
    case = request.case
    sent = portal.notice_of(case)
    context: dict[str, Any] = {
        "case": case, "notice": sent, "answer": portal.newest_answer(case), "dispute": portal.open_dispute_of(case),
        "is_new": sent is not None and not portal.is_notice_viewed(case), "said": waiting_statements(case=case),
    }  # fmt: skip
    if case.state == states.CLOSED:
        day = local_day(case.debtor, case.closed_at or clock.now())
        context["closing"] = [{"label": _("Closed on"), "value": day_words(day)}]
        return page(request, "closed", context)
    in_period = sent is not None and local_day(case.debtor, clock.now()) <= sent.period_ends_on
    context |= {
        "in_period": in_period,
        "debt": case.debt,
        "facts": _facts(case),
        "stopped": _has_stopped(case),
    }
    return page(request, "home", context)


def _has_stopped(case: Case) -> bool:
    return Hold.objects.filter(person=case.debtor.person_id, closed_at__isnull=True, reason="CEASE").exists()


def _facts(case: Case) -> list[dict[str, Any]]:
    """The itemisation of the notice brought up to today; without a notice the parts that are due."""
    debt, sent = case.debt, portal.notice_of(case)
    if sent is None:
        return [_fact(line) for line in _parts(debt)]
    paid = debt.placed_minor - debt.balance_minor
    return [_fact(line) for line in amounts(content_of(sent), paid_minor=paid, now_minor=debt.balance_minor)]


def _fact(line: Line) -> dict[str, Any]:
    return {"label": line.label, "value": line.amount, "total": line.is_total}


def _parts(debt: Debt) -> list[Line]:
    def line(label: str, minor: int, *, is_total: bool = False) -> Line:
        return Line(label, amount(Money(minor, debt.currency)), is_total)

    return [
        line(_("The amount itself"), debt.principal_due_minor),
        line(_("Interest"), debt.interest_due_minor),
        line(_("Fees"), debt.fees_due_minor),
        line(_("Total now"), debt.balance_minor, is_total=True),
    ]


@require_GET
@debtor_session
def notice(request: DebtorRequest) -> HttpResponse:
    """The validation notice as it was sent."""
    sent = portal.notice_of(request.case)
    if sent is None:
        raise NotFound()
    portal.notice_viewed(case=request.case, at=clock.now())
    content = content_of(sent)
    return page(
        request,
        "notice",
        {
            "notice": sent, "content": content, "facts": [_fact(line) for line in amounts(content)],
            "purpose": purpose(content), "creditor_then": creditor_then(content), "rights": rights(content),
            "prompts": dispute_prompts(), "creditor_prompt": creditor_prompt(),
            "is_open": request.case.state != states.CLOSED,
        },
    )  # fmt: skip


@require_GET
@debtor_session
def notice_pdf(request: DebtorRequest) -> HttpResponse:
    """The same on paper."""
    sent = portal.notice_of(request.case)
    if sent is None:
        raise NotFound()
    portal.notice_viewed(case=request.case, at=clock.now())
    response = HttpResponse(render_pdf([content_of(sent)]), content_type="application/pdf")
    response.headers["Content-Disposition"] = 'attachment; filename="notice.pdf"'
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@debtor_session
@while_open
def dispute(request: DebtorRequest) -> HttpResponseBase:
    """Say that it is wrong: contact stops in the same moment."""
    form = DisputeForm(posted(request))
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        if reason == "paid":
            return redirect("debtor:paid")
        said = dict(form.fields["reason"].choices)[reason]  # type: ignore[attr-defined]
        row = open_dispute(
            case=request.case, parts=form.cleaned_data["parts"], channel="portal", actor="debtor", at=clock.now(),
            text=f"{said}. {form.cleaned_data['text']}".strip(),
            kind="orig_creditor" if reason == "orig_creditor" else "dispute", is_stolen=reason == "fraud",
        )  # fmt: skip
        return redirect("debtor:done", what="dispute", ref=row.ref)
    return page(request, "dispute", {"form": form, "case": request.case, "notice": portal.notice_of(request.case)})


@require_http_methods(["GET", "HEAD", "POST"])
@debtor_session
@while_open
def stop(request: DebtorRequest) -> HttpResponseBase:
    """Ask for contact to stop, in writing, effective at once. Once it has stopped, the account page says so."""
    if request.method != "POST" and _has_stopped(request.case):
        return redirect("debtor:home")
    if request.method == "POST":
        hold = stop_contact(case=request.case, form="portal", actor="debtor", at=clock.now())
        return redirect("debtor:done", what="stop", ref=f"H-{hold.pk:06d}")
    return page(request, "stop", {"case": request.case})


@require_GET
@debtor_session
@while_open
def pay(request: DebtorRequest) -> HttpResponse:
    """The creditor's own ways to pay, as the creditor wrote them; no money passes through us and no fee is added."""
    return page(request, "pay", {"case": request.case, "debt": request.case.debt, "facts": _facts(request.case)})


@require_http_methods(["GET", "HEAD", "POST"])
@debtor_session
@while_open
def paid(request: DebtorRequest) -> HttpResponseBase:
    """Say that it is paid: the creditor checks it, and contact is paused meanwhile."""
    case, at = request.case, clock.now()
    form = PaidForm(posted(request), currency=case.debt.currency, today=local_day(case.debtor, at))
    status = 200
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            row = state_paid(
                case=case, amount_minor=values["amount"], paid_on=values["paid_on"], instrument=values["instrument"],
                text=values["text"], at=at,
            )  # fmt: skip
        except BadInput as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
            status = refusal.http_status
        except DomainError as refusal:
            form.add_error("amount", refusal.message)
            status = refusal.http_status
        else:
            return redirect("debtor:done", what="paid", ref=row.ref)
    return page(request, "paid", {"form": form, "case": case, "said": waiting_statements(case=case)}, status=status)


@require_GET
@debtor_session
def done(request: DebtorRequest, what: str, ref: str) -> HttpResponse:
    """What was taken, its reference, what happens next and by when."""
    case = request.case
    context: dict[str, Any] = {"what": what, "ref": ref, "case": case}
    if what == "dispute":
        context["row"] = Dispute.objects.filter(case=case, ref=ref).first()
    elif what == "paid":
        context["row"] = PaidStatement.objects.filter(case=case, ref=ref).first()
        context["dispute"] = portal.open_dispute_of(case)
    elif what == "stop" and ref.removeprefix("H-").isdigit():
        holds = Hold.objects.filter(person=case.debtor.person_id, reason="CEASE")
        context["row"] = holds.filter(pk=int(ref.removeprefix("H-"))).first()
    if not context.get("row"):
        raise NotFound()
    return page(request, "done", context)


@require_GET
def ended(request: HttpRequest) -> HttpResponse:
    """The session is over, or the link has not been opened in this browser."""
    return page(request, "ended", {"is_left": "left" in request.GET})


@sent_from("debtor:ended")
def leave(request: HttpRequest) -> HttpResponseBase:
    """Close the private page in this browser."""
    close_debtor_session(request)
    request.session.pop(_TOKEN, None)
    return redirect(f"{reverse('debtor:ended')}?left")
