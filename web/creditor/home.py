"""The creditor's first page: programmes with their totals, or the three steps to the first one."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import can, membership_for
from accounts.models import Collector, User
from core import clock
from insight.selectors import dashboard
from web.access import CreditorRequest, creditor_required
from web.creditor.shared import link, page


def _steps(*, has_org: bool, has_programme: bool) -> list[dict[str, Any]]:
    done = [has_org, has_programme, False]
    rows = [
        (_("Your organisation"), _("Its name and postal address go on every notice."), link("start")),
        (_("A programme"), _("What you pay for results, which rules apply, and your ways to pay."), _new_programme()),
        (_("Place cases"), _("A file of accounts. It is checked first, and nothing is placed before you say so."),
         link("import")),
    ]  # fmt: skip
    current = done.index(False)
    return [
        {
            "number": index + 1, "title": title, "text": text, "is_done": done[index], "is_current": index == current,
            "url": url if index == current else "",
        }
        for index, (title, text, url) in enumerate(rows)
    ]  # fmt: skip


def _new_programme() -> str:
    return link("programme_new")


@require_safe
def programmes(request: HttpRequest) -> HttpResponseBase:
    """Everything the organisation placed, by programme. Somebody who belongs nowhere yet begins here too."""
    user = request.user
    if isinstance(user, User) and _belongs_nowhere(user):
        return page(request, "creditor/first.html", {"steps": _steps(has_org=False, has_programme=False)})
    return _mine(request)


def _belongs_nowhere(user: User) -> bool:
    is_other = user.is_staff or Collector.objects.filter(user=user).exists()
    return not is_other and membership_for(user) is None


@creditor_required("view")
def _mine(request: CreditorRequest) -> HttpResponse:
    boards = dashboard.programmes(org=request.org, at=clock.now())
    if not any(board.data["cases"] for board in boards):
        steps = _steps(has_org=True, has_programme=bool(boards))
        return page(request, "creditor/first.html", {"steps": steps, "org": request.org, "boards": boards})
    context = {
        "org": request.org, "boards": boards, "can_place": can(request.membership, "place"),
        "import_url": link("import"), "new_url": _new_programme() if can(request.membership, "publish") else "",
    }  # fmt: skip
    return page(request, "creditor/programmes.html", context)
