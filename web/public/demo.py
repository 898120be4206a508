"""Pages that exist only in the demo: the mailbox, the printed letters and the market clock."""

from __future__ import annotations

from datetime import timedelta

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from compliance.models import ValidationNotice
from compliance.services.notices import content_of
from core import clock
from core.models import SentMail
from web.access import sent_from

PAGE = 25
STEPS = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}
NIGHT = (21, 30)


@require_safe
def mailbox(request: HttpRequest) -> HttpResponse:
    """Every mail of the demo, newest first."""
    before = request.GET.get("before", "")
    mails = SentMail.objects.order_by("-id").defer("body_text", "body_html")
    if before.isdecimal():
        mails = mails.filter(id__lt=int(before))
    rows = list(mails[: PAGE + 1])
    more = f"?before={rows[PAGE - 1].pk}" if len(rows) > PAGE else ""
    return render(request, "public/mailbox.html", {"mails": rows[:PAGE], "next_url": more, "is_first": not before})


@require_safe
def mail(request: HttpRequest, mail_id: int) -> HttpResponse:
    """One mail as text, its addresses clickable."""
    found = get_object_or_404(SentMail, pk=mail_id)
    return render(request, "public/mail.html", {"mail": found})


@require_safe
def letters(request: HttpRequest) -> HttpResponse:
    """The notices in the print queue as their receivers would hold them: the private link, and what opens it."""
    ref = request.GET.get("case", "").strip()[:20]
    rows = ValidationNotice.objects.select_related("case__org", "case__debtor").order_by("-pk")
    if ref:
        rows = rows.filter(case__ref__iexact=ref)
    found = [(notice, content_of(notice)) for notice in rows[:PAGE]]
    return render(request, "public/letters.html", {"letters": found, "ref": ref})


@sent_from("public:home")
def market_clock(request: HttpRequest) -> HttpResponse:
    """Move the demo's clock forward and return to the page the button stood on."""
    move = request.POST.get("move", "")
    if move == "night":
        clock.advance_to_local(*NIGHT)
    elif move in STEPS:
        clock.advance(STEPS[move])
    else:
        raise BadRequest(_("The clock moves by an hour, a day, a week or to the night"))
    back = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return HttpResponseRedirect(back if safe else "/")
