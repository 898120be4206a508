"""A call on a case: starting it, watching it, ending it, and writing down how it ended."""

from __future__ import annotations

import uuid
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from calling import dialler, selectors
from calling.errors import PhoneUnreachable, ResultMissing
from calling.models import Call
from calling.services.results import record_result, results_for
from compliance.errors import TextRefused
from compliance.gate import preview
from compliance.models import Refusal
from core import clock
from core.errors import BadInput, DomainError
from core.money import Money
from marketplace.local import local_day, zones_of
from marketplace.models import Case, Promise
from marketplace.outcomes import PROTECTIVE, RESULTS, WRAP_UP, WRAP_UP_MORE
from marketplace.states import ACTIVE
from web.access import CollectorRequest, collector_required, no_store, sent_from
from web.formatting import amount, day
from web.forms import ChipSelect, DatePartsField, MoneyField, TileSelect

# What a permit's disclosure codes mean in words; the collector says them, the packs decide which.
DISCLOSURES = {
    "attempting_to_collect": gettext_lazy("“I am calling to collect a debt.”"),
    "info_used_for_purpose": gettext_lazy("“What you tell me will be used for that.”"),
    "from_debt_collector": gettext_lazy("“This call is from a debt collector.”"),
    "call_recorded": gettext_lazy("“This call is recorded.” Both of you have heard it already."),
}
ICONS = {
    "PROMISE": "promise", "SAYS_PAID": "paid", "NO_ANSWER": "no-answer", "WRONG_PERSON": "wrong-person",
    "DISPUTES": "dispute", "HARDSHIP": "hardship", "WILL_NOT": "refuse", "STOP": "stop", "LAWYER": "document",
    "TALKED": "chat", "CALL_BACK": "clock", "VOICEMAIL": "recording", "THIRD_PARTY": "team", "DROPPED": "missed",
    "ENDED_EARLY": "hang-up", "BUSY": "missed", "NOT_IN_SERVICE": "missed", "BANKRUPT": "safety", "DECEASED": "info",
}  # fmt: skip
SAID_AT_ONCE = ("WRONG_PERSON", "DISPUTES", "LAWYER", "STOP")
PROMISE_DAYS = (0, 3, 7)
OTHER_DAY = "other"


def case_url(ref: str) -> str:
    """The page of a case the collector holds."""
    return f"/case/{ref}/"


def call_url(call: Call, name: str = "call_page") -> str:
    return reverse(f"collector:{name}", args=[call.case.ref, call.ref])


@collector_required
@sent_from("collector:case", "ref")
def start(request: CollectorRequest, ref: str) -> HttpResponse:
    """Ask the gate and ring. A double tap leads to the same call; a refusal becomes a page that says why."""
    claim = selectors.claim_of(collector=request.collector, case_ref=ref)
    key = request.POST.get("key", "")[:60] or uuid.uuid4().hex
    try:
        placed = dialler.place_call(
            claim=claim, collector=request.collector, idem_key=f"{request.collector.ref}:{key}", at=clock.now()
        )
    except ResultMissing as missing:
        return _owed(request, missing, ref)
    if isinstance(placed, Refusal):
        return _refused(request, claim.case, placed)
    return redirect(call_url(placed))


def _owed(request: CollectorRequest, missing: ResultMissing, ref: str) -> HttpResponse:
    """The last call comes first: when it is this very call, still running, its page; else a way to its wrap-up."""
    open_one = selectors.call_without_result(request.collector)
    if open_one is not None and open_one.case.ref == ref and open_one.ended_at is None:
        return redirect(call_url(open_one))
    context = {"error": missing, "open_call": open_one, "back": case_url(ref)}
    return no_store(render(request, "collector/call_owed.html", context, status=missing.http_status))


def _refused(request: HttpRequest, case: Case, refusal: Refusal) -> HttpResponse:
    context = {"case": case, "case_url": case_url(case.ref), **refusal_context(case, refusal)}
    return no_store(render(request, "collector/call_refused.html", context, status=409))


def refusal_context(case: Case, refusal: Refusal) -> dict[str, Any]:
    """A refusal in plain words: every rule that said no, its source, and when it may be tried in the debtor's zone."""
    denials = [
        {"say": _(denial["say"]), "advice": _(denial["advice"]) if denial["advice"] else "", "source": denial["source"]}
        for denial in refusal.denials
    ]
    return {"refusal": refusal, "denials": denials, "zone": _zone(case)}


def _zone(case: Case) -> ZoneInfo:
    return zones_of(case.debtor)[0]


@require_GET
@collector_required
def call_page(request: CollectorRequest, ref: str, call_ref: str) -> HttpResponse:
    """The running call: what to say first, and where it stands. An ended one goes on to its wrap-up."""
    call = selectors.call_of(collector=request.collector, case_ref=ref, call_ref=call_ref)
    now = clock.now()
    state = selectors.state_of(call, at=now)
    if state.stage == selectors.ENDED and state.needs_result:
        return redirect(call_url(call, "wrap"))
    context = _state_context(call, state) | {
        "case": call.case,
        "script": _script(call),
        "said": [
            {"label": RESULTS[code].label, "url": f"{call_url(call, 'wrap')}?result={code}", "icon": ICONS[code]}
            for code in SAID_AT_ONCE
        ],
        "phones_url": settings.VOICE_API_BASE if settings.EVENHAND_DEMO else "",
    }
    if state.refusal is not None:
        context |= refusal_context(call.case, state.refusal)
    return no_store(render(request, "collector/call.html", context))


@require_GET
@collector_required
def call_state(request: CollectorRequest, ref: str, call_ref: str) -> HttpResponse:
    """The state's card for the poll: 204 while nothing is new; an ended call moves on to its wrap-up."""
    call = selectors.call_of(collector=request.collector, case_ref=ref, call_ref=call_ref)
    state = selectors.state_of(call, at=clock.now())
    if state.stage == selectors.ENDED:
        onward = call_url(call, "wrap") if state.needs_result else call_url(call)
        return no_store(HttpResponse(status=204, headers={"X-Location": onward}))
    if request.GET.get("v") == state.version:
        return no_store(HttpResponse(status=204))
    return no_store(render(request, "collector/call_state.html", _state_context(call, state)))


def _state_context(call: Call, state: selectors.CallState) -> dict[str, Any]:
    words = {
        selectors.RINGING: _("Press 1 on your phone") if state.collector_answered else _("Ringing you"),
        selectors.CONNECTING: _("Connecting"),
        selectors.NOTICE: _("Notice playing"),
        selectors.LIVE: _("Connected"),
        selectors.ENDED: _("Ended"),
    }
    reached = [selectors.RINGING, selectors.CONNECTING, selectors.LIVE]
    stage = selectors.CONNECTING if state.stage == selectors.NOTICE else state.stage
    now = reached.index(stage) if stage in reached else len(reached)
    labels = [_("Your phone"), _("Their phone"), _("Talking")]
    return {
        "call": call,
        "state": state,
        "headline": words[state.stage],
        "steps": [{"label": label, "is_done": i < now, "is_current": i == now} for i, label in enumerate(labels)],
        "is_ended": state.stage == selectors.ENDED,
        "is_live": state.stage == selectors.LIVE,
        "state_url": call_url(call, "call_state"),
        "wrap_url": call_url(call, "wrap"),
        "end_url": call_url(call, "hang_up"),
        "case_url": case_url(call.case.ref),
    }


def _script(call: Call) -> list[dict[str, Any]]:
    """What to say first: who calls, whom we look for, what the law wants said, what was agreed."""
    case = call.case
    first = case.debtor.name.split()[0]
    lines = [
        {"text": _("Your name, and Evenhand calling for %(creditor)s") % {"creditor": case.org.name}, "aside": ""},
        {
            "text": _("Ask whether you speak with %(name)s") % {"name": first},
            "aside": _("Nothing about a debt before they say yes."),
        },
    ]
    lines += [{"text": DISCLOSURES.get(code, code), "aside": ""} for code in call.permit.disclosures]
    promise = Promise.objects.filter(case=case, state=ACTIVE).order_by("due_date").first()
    if promise is not None:
        said = _("They promised %(amount)s by %(day)s. Ask how it went.")
        values = {"amount": amount(Money(promise.amount_minor, promise.currency)), "day": day(promise.due_date)}
        lines.append({"text": said % values, "aside": ""})
    return lines


@collector_required
@sent_from("collector:call_page", "ref", "call_ref")
def hang_up(request: CollectorRequest, ref: str, call_ref: str) -> HttpResponse:
    """End the call on both sides."""
    call = selectors.call_of(collector=request.collector, case_ref=ref, call_ref=call_ref)
    dialler.hang_up(call=call)
    return redirect(call_url(call))


class WrapForm(forms.Form):
    """How the call ended. The promise's amount and day are asked in a second step, for that result alone."""

    result = forms.ChoiceField(
        label=gettext_lazy("Result"),
        widget=TileSelect(icons=ICONS),
        error_messages={"required": gettext_lazy("Choose how the call ended")},
    )
    amount = MoneyField(
        label=gettext_lazy("Amount they promised"),
        error_messages={"required": gettext_lazy("Enter the amount they promised")},
    )
    due = forms.ChoiceField(
        label=gettext_lazy("To be paid by"),
        widget=ChipSelect,
        error_messages={"required": gettext_lazy("Choose the day it will be paid by")},
    )
    other_day = DatePartsField(
        label=gettext_lazy("Other day"), required=False, help_text=gettext_lazy("When you chose “Other day” above")
    )
    text = forms.CharField(
        label=gettext_lazy("Note"),
        required=False,
        help_text=gettext_lazy("What was said, in their words. No opinions about the person."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, call: Call, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        allowed = results_for(call)
        self.main = [code for code in WRAP_UP if code in allowed]
        self.more = [code for code in WRAP_UP_MORE if code in allowed]
        if not self.main or call.bridged_at is None:
            self.main, self.more = [*self.main, *self.more], []
        choices = [(code, RESULTS[code].label) for code in (*self.main, *self.more)]
        self.fields["result"].choices = choices  # type: ignore[attr-defined]
        days = [(str(n), _("Today") if n == 0 else day(today + timedelta(days=n))) for n in PROMISE_DAYS]
        self.fields["due"].choices = [*days, (OTHER_DAY, _("Other day"))]  # type: ignore[attr-defined]
        self.fields["amount"].required = self.fields["due"].required = self.is_promise
        self.fields["amount"].set_currency(call.case.debt.currency)  # type: ignore[attr-defined]
        self.today = today

    @property
    def is_promise(self) -> bool:
        chosen = self.data.get("result") if self.is_bound else self.initial.get("result")
        return bool(chosen == "PROMISE")

    @property
    def offers_protective(self) -> bool:
        return not PROTECTIVE.isdisjoint([*self.main, *self.more])

    def tiles(self) -> list[Any]:
        return [option for option in self["result"] if option.data["value"] in self.main]

    def more_tiles(self) -> list[Any]:
        return [option for option in self["result"] if option.data["value"] in self.more]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("result") != "PROMISE":
            return cleaned
        if cleaned.get("due") == OTHER_DAY and not cleaned.get("other_day") and "other_day" not in self.errors:
            self.add_error("other_day", _("Enter the day, for example 11 20 2026"))
        return cleaned

    def promise(self) -> tuple[int, date] | None:
        """Amount in minor units and day, for a promise."""
        if self.cleaned_data["result"] != "PROMISE":
            return None
        due = self.cleaned_data["due"]
        when = self.cleaned_data["other_day"] if due == OTHER_DAY else self.today + timedelta(days=int(due))
        return self.cleaned_data["amount"], when


_FIELD_OF_ERROR = {"due_date": "due", "amount_above_balance": "amount"}


@require_http_methods(["GET", "HEAD", "POST"])
@collector_required
def wrap(request: CollectorRequest, ref: str, call_ref: str) -> HttpResponse:
    """The wrap-up. What is refused comes back with everything that was typed."""
    call = selectors.call_of(collector=request.collector, case_ref=ref, call_ref=call_ref)
    now = clock.now()
    if request.method != "POST":
        if call.result_at is not None or (call.ended_at is None and call.bridged_at is None):
            return redirect(call_url(call))
        form = WrapForm(
            call=call, today=_today(call, now), initial={"result": request.GET.get("result", ""), "due": "3"}
        )
        return _wrap_page(request, call, form, now)
    form = WrapForm(request.POST, call=call, today=_today(call, now))
    if form.is_promise and "amount" not in request.POST:
        held = {"result": "PROMISE", "text": request.POST.get("text", ""), "due": "3"}
        return _wrap_page(request, call, WrapForm(call=call, today=_today(call, now), initial=held), now)
    if form.is_valid() and _save(request, call, form, now):
        return _saved(request, call, form)
    return _wrap_page(request, call, form, now, status=400)


def _today(call: Call, at: datetime) -> date:
    return local_day(call.case.debtor, at)


def _save(request: CollectorRequest, call: Call, form: WrapForm, at: datetime) -> bool:
    try:
        record_result(
            call=call, result=form.cleaned_data["result"], text=form.cleaned_data["text"],
            actor=request.collector.actor, at=at, idem_key=f"wrap:{call.ref}", promise=form.promise(),
        )  # fmt: skip
    except (BadInput, TextRefused) as error:
        form.add_error(_FIELD_OF_ERROR.get(error.field, error.field), error.message)
        return False
    except DomainError as error:
        form.add_error(_FIELD_OF_ERROR.get(error.code), error.message)
        return False
    return True


def _saved(request: CollectorRequest, call: Call, form: WrapForm) -> HttpResponse:
    if form.cleaned_data["result"] in PROTECTIVE:
        with suppress(PhoneUnreachable):  # the opened hold ends the call as well, and tries again
            dialler.hang_up(call=call)
    call.claim.refresh_from_db(fields=["state"])
    if not call.claim.is_live:
        messages.success(request, _("Saved. This case is closed for you."))
        return redirect("collector:today")
    is_open = preview(cases=[call.case], at=clock.now())[call.case_id].is_open
    messages.success(request, _("Saved. You may call again.") if is_open else _("Saved."))
    return redirect(case_url(call.case.ref))


def _wrap_page(request: HttpRequest, call: Call, form: WrapForm, at: datetime, status: int = 200) -> HttpResponse:
    context = {
        "form": form, "call": call, "case": call.case, "case_url": case_url(call.case.ref),
        "seconds": selectors.state_of(call, at=at).seconds, "is_running": call.ended_at is None,
        "call_page": call_url(call),
    }  # fmt: skip
    return no_store(render(request, "collector/wrap.html", context, status=status))
