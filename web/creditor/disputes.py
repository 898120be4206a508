"""What waits for the creditor's word: disputes, and what account holders say they have paid."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from compliance.services.disputes import answer_dispute
from core import clock
from core.money import Money
from insight.selectors.casefile import dispute_of, open_disputes, statement_of
from payments.models import PaidStatement
from payments.selectors.wallet import open_statements
from payments.services.statements import confirm_statement, reject_statement
from web import formatting
from web.access import CreditorRequest, creditor_required
from web.creditor.case_forms import AnswerForm, ConfirmForm, RejectForm
from web.creditor.shared import Act, act, actor_of, link, page, posted


@require_safe
@creditor_required("view")
def answers(request: CreditorRequest) -> HttpResponse:
    """Everything that waits for an answer, the first due first."""
    context = {
        "disputes": open_disputes(org=request.org)[:200], "section": "cases",
        "statements": _by_case(open_statements(org=request.org).select_related("case__debtor")[:200]),
    }  # fmt: skip
    return page(request, "creditor/answers.html", context)


def _by_case(statements: Iterable[PaidStatement]) -> list[dict[str, Any]]:
    """One row a case: the debtor, what was said to be paid in all, and how many payments that is."""
    rows: dict[int, list[PaidStatement]] = {}
    for one in statements:
        rows.setdefault(one.case_id, []).append(one)
    return [
        {
            "case": said[0].case, "days": [one.paid_on for one in said],
            "total": Money(sum(one.amount_minor for one in said), said[0].currency),
        }
        for said in rows.values()
    ]  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@creditor_required("dispute")
def dispute_answer(request: CreditorRequest, ref: str) -> HttpResponse:
    """Answer a dispute: owed as placed, corrected, or not owed, with the words the account holder reads."""
    dispute = dispute_of(org=request.org, ref=ref)
    form = AnswerForm(posted(request))
    words = Act(
        title=_("Your answer"), button=_("Send the answer"), back_url=link("case", dispute.case.ref),
        back=_("Case %(ref)s") % {"ref": dispute.case.ref}, quote=dispute.text,
        lead=_("Due by %(day)s. Without an answer the case closes as not owed.")
        % {"day": formatting.day(dispute.answer_due_date, style="year")},
    )  # fmt: skip
    return act(
        request, form, words,
        lambda: answer_dispute(
            dispute=dispute, outcome=form.cleaned_data["outcome"], text=form.cleaned_data["text"],
            actor=actor_of(request), at=clock.now(),
        ),
        done=_("Your answer is recorded, and the account holder can read it."),
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@creditor_required("money")
def statement_confirm(request: CreditorRequest, ref: str) -> HttpResponse:
    """The money arrived: what the account holder said becomes a payment."""
    statement = statement_of(org=request.org, ref=ref)
    initial = {"amount": statement.amount_minor}
    form = ConfirmForm(posted(request), currency=statement.currency, initial=initial)
    words = _words(statement, title=_("The payment arrived"), button=_("Confirm the payment"))
    return act(
        request, form, words,
        lambda: confirm_statement(
            statement=statement, external_ref=form.cleaned_data["external_ref"],
            amount_minor=form.cleaned_data["amount"], actor=actor_of(request), at=clock.now(),
        ),
        done=_("The payment is recorded."),
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@creditor_required("money")
def statement_reject(request: CreditorRequest, ref: str) -> HttpResponse:
    """The money did not arrive: say what was looked for."""
    statement = statement_of(org=request.org, ref=ref)
    form = RejectForm(posted(request))
    words = _words(statement, title=_("The payment did not arrive"), button=_("Send the answer"))
    return act(
        request, form, words,
        lambda: reject_statement(
            statement=statement, text=form.cleaned_data["text"], actor=actor_of(request), at=clock.now()
        ),
        done=_("Your answer is recorded, and the account holder can read it."),
    )  # fmt: skip


def _words(statement: PaidStatement, *, title: str, button: str) -> Act:
    said = {
        "amount": formatting.amount(Money(statement.amount_minor, statement.currency)),
        "day": formatting.day(statement.paid_on, style="year"), "how": str(statement.get_instrument_display()).lower(),
    }  # fmt: skip
    return Act(
        title=title, button=button, back_url=link("case", statement.case.ref), quote=statement.text,
        back=_("Case %(ref)s") % {"ref": statement.case.ref},
        lead=_("The account holder says: %(amount)s paid on %(day)s, %(how)s.") % said,
    )  # fmt: skip
