"""Help for creditors: how things work, and a question to the people behind the platform."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.models import User
from core import clock
from marketplace.models import SupportTicket
from marketplace.services.support import open_ticket
from web.access import CreditorRequest, creditor_required
from web.creditor.case_forms import HelpForm
from web.creditor.shared import actor_of, link, page, posted, tried


@require_http_methods(["GET", "HEAD", "POST"])
@creditor_required("view")
def help_page(request: CreditorRequest) -> HttpResponse:
    """Short answers, a form, and what was asked before with its answers."""
    user = request.user
    assert isinstance(user, User)
    form, status = HelpForm(posted(request)), 200
    if form.is_bound:
        status = 400
        if form.is_valid():
            ticket, status = tried(form, lambda: open_ticket(
                user=user, case=None, topic="other", text=form.cleaned_data["text"], actor=actor_of(request),
                at=clock.now(),
            ))  # fmt: skip
            if ticket is not None:
                messages.success(request, _("Your question is with us. The answer appears here."))
                return HttpResponseRedirect(link("help"))
    mine = SupportTicket.objects.filter(opened_by=user).order_by("-pk").prefetch_related("messages__author")
    return page(request, "creditor/help.html", {"form": form, "tickets": mine[:20], "section": "help"}, status=status)
