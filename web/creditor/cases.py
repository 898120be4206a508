"""The creditor's cases: the table, one case's page, and taking a case back."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import can
from compliance.models import Hold
from core import clock
from core.errors import NotFound
from core.money import Money
from insight.selectors.casefile import CaseFile, case_file, open_recall
from marketplace import states
from marketplace.bands import BUCKETS
from marketplace.models import Case, Programme
from marketplace.selectors.cases import CaseFilters, creditor_case, creditor_cases
from marketplace.services.recalls import cancel_recall, recall_case
from payments import states as money_states
from payments.services.publish import REASONS
from web import formatting
from web.access import CreditorRequest, creditor_required
from web.creditor.case_forms import AnswerForm, RecallForm, filters_form
from web.creditor.shared import Act, act, actor_of, link, page, posted
from web.creditor.words import STATE_CHOICES, case_tag, percent

_RECALLABLE = (states.READY, states.NOTICED, states.LISTED, states.WORKING, states.ARRANGED)


@require_safe
@creditor_required("view")
def cases(request: CreditorRequest) -> HttpResponse:
    """One page of the organisation's cases; the address holds the search."""
    filters, at = CaseFilters.from_query(request.GET), clock.now()
    found = creditor_cases(org=request.org, filters=filters, at=at, cursor=request.GET.get("page", ""))
    programmes = Programme.objects.filter(org=request.org).order_by("name").values_list("slug", "name")
    choices: dict[str, list[tuple[str, Any]]] = {
        "programme": list(programmes), "state": STATE_CHOICES,
        "bucket": [(bucket.key, bucket.label) for bucket in BUCKETS],
    }  # fmt: skip
    held = _holds([row.case for row in found.rows])
    query = filters.to_query()
    beside = {name: f"?{query}{'&' if query else ''}page={cursor}" for name, cursor in
              (("next_url", found.next), ("previous_url", found.prev)) if cursor}  # fmt: skip
    context = {
        "rows": [{"row": row, "tag": case_tag(row.case, hold=held.get(row.case.pk, ""))} for row in found.rows],
        "form": filters_form(filters, choices), "q": filters.q, "is_filtered": bool(query), "section": "cases",
        "has_more": bool(beside), "import_url": link("import"), **beside,
    }  # fmt: skip
    return page(request, "creditor/cases.html", context)


def _holds(found: list[Case]) -> dict[int, str]:
    """The reason for which contact is paused, by case: one query for the page."""
    people = {case.debtor.person_id: case.pk for case in found}
    rows = Hold.objects.filter(person__in=people, closed_at__isnull=True, from_at__lte=clock.now())
    reasons: dict[int, str] = {}
    for hold in rows.exclude(to_at__lte=clock.now()).order_by("-pk"):
        covered = [hold.case_id] if hold.scope == Hold.Scope.CASE else [
            case.pk for case in found if case.debtor.person_id == hold.person_id
        ]  # fmt: skip
        reasons.update({pk: str(hold.get_reason_display()) for pk in covered if pk is not None})
    return reasons


@require_safe
@creditor_required("view")
def case(request: CreditorRequest, ref: str) -> HttpResponse:
    """Everything that happened on one case, what is due, and what the creditor can do."""
    file = case_file(org=request.org, ref=ref, at=clock.now())
    may = {right: can(request.membership, right) for right in ("money", "dispute", "publish")}
    is_open = file.case.state != states.CLOSED
    hold = str(file.holds[0].get_reason_display()) if file.holds else ""
    context = {
        "file": file, "case": file.case, "debt": file.case.debt, "tag": case_tag(file.case, hold=hold), "may": may,
        "parts": _parts(file), "clocks": _clocks(file), "section": "cases",
        "not_listed": REASONS.get(file.case.not_listed_reason, "") if file.case.state == states.NOTICED else "",
        "answer": AnswerForm() if file.dispute and may["dispute"] else None,
        "can_pay": may["money"] and is_open and file.case.debt.balance_minor > 0,
        "can_recall": may["publish"] and file.case.state in _RECALLABLE,
        "can_keep": may["publish"] and file.case.state == states.RECALL_PENDING,
        "payments": [{"payment": one, "can_reverse": may["money"] and one.state != money_states.REVERSED}
                     for one in file.payments],
    }  # fmt: skip
    return page(request, "creditor/case.html", context)


def _parts(file: CaseFile) -> list[dict[str, Any]]:
    debt = file.case.debt
    rows = [
        (_("Principal"), debt.principal_due_minor, False), (_("Interest"), debt.interest_due_minor, False),
        (_("Fees"), debt.fees_due_minor, False), (_("Still due"), debt.balance_minor, True),
    ]  # fmt: skip
    return [
        {"label": label, "value": formatting.amount(Money(minor, debt.currency)), "total": total}
        for label, minor, total in rows
    ]


def _clocks(file: CaseFile) -> list[dict[str, Any]]:
    """Every date that runs on the case, each in words."""
    case, at = file.case, clock.MARKET_ZONE
    rows = [(_("Placed"), case.placed_at.astimezone(at).date())]
    if file.notice:
        rows.append((_("Notice sent"), file.notice.sent_at.astimezone(at).date()))
        rows.append((_("May dispute until"), file.notice.period_ends_on))
    if file.dispute:
        rows.append((_("Your answer due"), file.dispute.answer_due_date))
    if file.promise:
        rows.append((_("Promise due"), file.promise.due_date))
    if file.worked_until:
        rows.append((_("Case worker until"), file.worked_until.astimezone(at).date()))
    if file.recall:
        rows.append((_("Recall final after"), file.recall.final_date))
    if case.closed_at:
        rows.append((_("Closed"), case.closed_at.astimezone(at).date()))
    found = [{"label": label, "value": formatting.day(day, style="year")} for label, day in rows]
    found.append({"label": _("Days past due"), "value": formatting.number(file.days_past_due)})
    found.append({"label": _("Contacts"), "value": formatting.number(file.contacts)})
    if file.rate_bps is not None and case.state != states.CLOSED:
        found.append({"label": _("Commission if paid"), "value": percent(file.rate_bps)})
    return found


@require_http_methods(["GET", "HEAD", "POST"])
@creditor_required("publish")
def recall(request: CreditorRequest, ref: str) -> HttpResponse:
    """Take a case back: at once while nobody works it, otherwise after seven days."""
    found = creditor_case(org=request.org, ref=ref)
    form = RecallForm(posted(request))
    words = Act(
        title=_("Take the case back"), button=_("Take it back"), back_url=link("case", ref), back=_case_words(found),
        lead=_("While nobody works the case it closes at once. A case worker keeps it for seven days, and money that "
               "comes in within that time follows the usual rules."),
    )  # fmt: skip
    return act(
        request, form, words,
        lambda: recall_case(
            case=found, kind=form.cleaned_data["kind"], reason=form.cleaned_data["reason"], actor=actor_of(request),
            at=clock.now(),
        ),
        done=_("The recall is recorded."),
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@creditor_required("publish")
def keep(request: CreditorRequest, ref: str) -> HttpResponse:
    """Take a recall back before it is final."""

    found = creditor_case(org=request.org, ref=ref)
    pending = open_recall(found)
    if pending is None:
        raise NotFound()
    words = Act(
        title=_("Leave the case with us"), button=_("Cancel the recall"), back_url=link("case", ref),
        back=_case_words(found), lead=_("The case goes back to where it stood before you recalled it."),
    )  # fmt: skip
    form = forms.Form(posted(request))
    return act(
        request, form, words, lambda: cancel_recall(recall=pending, actor=actor_of(request), at=clock.now()),
        done=_("The recall is cancelled."),
    )  # fmt: skip


def _case_words(found: Case) -> str:
    return _("Case %(ref)s") % {"ref": found.ref}
