"""A programme's dashboard and its live part: a version poll answered by one indexed read while nothing changed."""

from __future__ import annotations

from datetime import date, datetime
from fractions import Fraction
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from accounts.access import can
from core import clock
from core.money import Money
from insight.selectors import dashboard
from insight.selectors.dashboard import Dashboard
from insight.words import words_of
from marketplace.bands import BUCKET_BY_KEY
from payments.services.publish import REASONS
from web import formatting
from web.access import CreditorRequest, creditor_required
from web.creditor.shared import link, page


@require_safe
@creditor_required("view")
def programme(request: CreditorRequest, slug: str) -> HttpResponse:
    """The whole page."""
    board = dashboard.dashboard(org=request.org, slug=slug, at=clock.now())
    context = {
        **_live(board), "import_url": link("import") if can(request.membership, "place") else "",
        "rules_url": link("programme_settings", slug), "section": "programmes",
    }  # fmt: skip
    return page(request, "creditor/programme.html", context)


@require_safe
@creditor_required("view")
def live(request: CreditorRequest, slug: str) -> HttpResponse:
    """204 while the version the page shows is the newest; otherwise the live part itself, in the same answer."""
    seen = request.GET.get("v", "")
    version = dashboard.version_of(org=request.org, slug=slug)
    if version is not None and seen == str(version):
        return HttpResponse(status=204)
    board = dashboard.dashboard(org=request.org, slug=slug, at=clock.now())
    return page(request, "creditor/live.html", _live(board))


def _live(board: Dashboard) -> dict[str, Any]:
    data = board.data
    total = {key: sum(line[key] for line in data["ageing"]) for key in ("cases", "balance_minor")}
    return {
        "board": board, "programme": board.programme, "currency": data["currency"], "updated": _updated(board),
        "stats": _stats(data), "funnel": _funnel(data["funnel"]), "ageing": _ageing(data),
        "total": {**total, "recovered_minor": data["recovered_minor"], "placed_minor": data["placed_minor"]},
        "needs": _needs(board), "activity": [_told(line) for line in data["activity"]], "gate": data["gate"],
        "promises": data["promises"],
    }  # fmt: skip


def _updated(board: Dashboard) -> datetime | None:
    """When the figures were worked out, on the clock the reader goes by (rows are stamped in real time)."""
    if board.as_of is None:
        return None
    return (clock.now() - (timezone.now() - board.as_of)).astimezone(clock.MARKET_ZONE)


def _whole(minor: int, currency: str) -> str:
    return formatting.amount(Money(minor, currency), whole=True)


def _stats(data: dict[str, Any]) -> list[dict[str, Any]]:
    currency, promises = data["currency"], data["promises"]
    recovered, cost = data["recovered_minor"], data["cost_minor"]
    words = {"cases": formatting.number(data["cases"]), "people": formatting.number(data["people"])}
    return [
        {
            "label": _("Placed"), "value": _whole(data["placed_minor"], currency),
            "note": _("%(cases)s cases, %(people)s people") % words,
        },
        {
            "label": _("Recovered"), "value": _whole(recovered, currency),
            "note": _("%(share)s of placed") % {"share": formatting.share(recovered, data["placed_minor"])},
        },
        {
            "label": _("Promises open"), "value": formatting.number(promises["open"]),
            "note": _("%(kept)d kept, %(broken)d not kept") % promises,
        },
        {
            "label": _("Cost so far"), "value": _whole(cost, currency),
            "note": _("%(share)s of what came in") % {"share": formatting.share(cost, recovered)},
        },
    ]  # fmt: skip


def _funnel(counts: dict[str, int]) -> list[dict[str, Any]]:
    steps = [
        ("placed", _("Placed"), ""),
        ("noticed", _("Notice sent"), _("%(share)s of placed")),
        ("contacted", _("Contacted"), _("%(share)s of noticed")),
        ("right_party", _("Spoke with the right person"), _("%(share)s of contacted")),
        ("promise", _("Promised to pay"), _("%(share)s of spoken with")),
        ("paid", _("Paid, in part or in full"), _("%(share)s of placed")),
    ]
    before = {"noticed": "placed", "contacted": "noticed", "right_party": "contacted", "promise": "right_party"}
    found = []
    for key, label, share in steps:
        whole = counts[before.get(key, "placed")]
        found.append(
            {
                "label": label, "n": counts[key], "whole": counts["placed"], "tone": "accent" if key == "paid" else "",
                "share": share % {"share": formatting.share(counts[key], whole)} if share else "",
            }
        )  # fmt: skip
    return found


def _ageing(data: dict[str, Any]) -> list[dict[str, Any]]:
    """The lines with bars against the best rate, or a quarter while all are lower: a small rate stays small."""
    lines = data["ageing"]
    rates = [Fraction(line["recovered_minor"], line["placed_minor"]) for line in lines if line["placed_minor"]]
    best = max([*rates, Fraction(1, 4)])
    return [
        {**line, "label": BUCKET_BY_KEY[line["bucket"]].label, "whole": round(line["placed_minor"] * best)}
        for line in lines
    ]


def _needs(board: Dashboard) -> list[dict[str, str]]:
    """What waits for the creditor, each as a link and a sentence of its own."""
    needs, slug = board.data["needs"], board.programme.slug
    found = []
    if n := needs["disputes"]:
        due = formatting.day(date.fromisoformat(needs["dispute_due"]))
        words = ngettext("%(n)d dispute to answer", "%(n)d disputes to answer", n) % {"n": n}
        found.append(_need("dispute", "warn", words, link("answers"), _("The first by %(day)s.") % {"day": due}))
    if n := needs["statements"]:
        words = ngettext("%(n)d payment to confirm", "%(n)d payments to confirm", n) % {"n": n}
        found.append(_need("paid", "warn", words, link("answers"), _("The account holder says it was paid.")))
    found += _funding(board)
    listed = f"{link('cases')}?programme={slug}&state=NOTICED"
    for reason, n in needs["not_listed"].items():
        words = ngettext("%(n)d case not listed", "%(n)d cases not listed", n) % {"n": n}
        found.append(_need("list", "info", words, listed, str(REASONS.get(reason, ""))))
    if n := board.data["states"].get("READY", 0):
        words = ngettext("%(n)d case waits for its notice", "%(n)d cases wait for their notice", n) % {"n": n}
        url = f"{link('cases')}?programme={slug}&state=READY"
        found.append(_need("letter", "info", words, url, _("Nobody may be contacted before it is sent.")))
    return found


def _funding(board: Dashboard) -> list[dict[str, str]]:
    funding, currency = board.data["needs"]["funding"], board.data["currency"]
    if funding["is_funded"] or not board.data["cases"]:
        return []
    if funding["cover"] == "mandate":
        return [_need("money", "warn", _("Pay the open invoices"), link("billing"), str(REASONS["exposure"]))]
    amounts = {
        "held": formatting.amount(Money(funding["balance_minor"], currency)),
        "floor": formatting.amount(Money(funding["floor_minor"], currency)),
    }
    rest = _("The float holds %(held)s of at least %(floor)s; new work is paused until it does.") % amounts
    return [_need("money", "warn", _("Top up the float"), link("billing"), rest)]


def _need(icon: str, tone: str, words: str, url: str, rest: str) -> dict[str, str]:
    return {"icon": icon, "tone": tone, "words": words, "url": url, "rest": rest}


def _told(line: dict[str, Any]) -> dict[str, Any]:
    _icon, _tone, title = words_of(line["name"], line["data"])
    at = datetime.fromisoformat(line["at"]).astimezone(clock.MARKET_ZONE)
    return {"title": title, "case": line["case"], "at": at, "url": link("case", line["case"])}
