"""Every address of the site, tried by everybody whose business it is not: the answer, and that nothing happened.

An address without a line in PLACES fails the test, so that each new one has to say who may open it.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.services.organisations import create_token
from core import clock
from core.models import MarketClock
from tests.calling.kit import leg_of, provider_at
from tests.factories import START, make_case, make_collector, make_member, make_org, make_programme, make_user
from tests.simulator import run_simulator
from tests.web.world import World, acted, called_by_hand, placed

pytestmark = pytest.mark.django_db
NAMESPACES = {"public", "collector", "creditor", "debtor", "api", "hooks", "admin"}
# Sessions, and the dashboard's figures, which are made when their own creditor looks; everything else is counted.
UNCOUNTED = {"django_session", "django_content_type", "django_migrations", "insight_progressrow"}
# What its holder does by asking alone: the link is opened, contact is stopped, the notice counts as read.
OWN_ACTS = {("POST", "debtor:landing"), ("POST", "debtor:stop"), ("GET", "debtor:notice"), ("GET", "debtor:notice_pdf")}

# Who an address is for, or the right it asks of a creditor's member; "ref" names a row of the first creditor,
# collector or debtor. "letters" is the demo's print queue, which shows what the post would carry and exists nowhere else.
PLACES: dict[str, str] = {
    "public:home": "open", "public:after_login": "open", "public:real": "open", "public:signup": "open",
    "public:mailbox": "demo", "public:mail": "demo", "public:market_clock": "demo",
    "public:letters": "letters",
    "collector:apply": "applicant", "collector:apply_contact": "applicant", "collector:apply_identity": "applicant",
    "collector:apply_address": "applicant", "collector:apply_licences": "applicant",
    "collector:apply_documents": "applicant", "collector:apply_document_remove": "applicant ref",
    "collector:apply_code": "applicant", "collector:apply_submit": "applicant", "collector:apply_renew": "applicant",
    "collector:today": "collector", "collector:find": "collector", "collector:offer": "collector ref",
    "collector:case": "collector ref", "collector:claim": "collector ref", "collector:note": "collector ref",
    "collector:promise": "collector ref", "collector:release": "collector ref", "collector:promises": "collector",
    "collector:earnings": "collector", "collector:earnings_line": "collector ref", "collector:help": "collector",
    "collector:ticket": "collector ref", "collector:ticket_reply": "collector ref", "collector:settings": "collector",
    "collector:call": "collector ref", "collector:call_page": "collector ref", "collector:call_state": "collector ref",
    "collector:hang_up": "collector ref", "collector:wrap": "collector ref",
    "creditor:programmes": "newcomer view", "creditor:programme": "view ref", "creditor:live": "view ref",
    "creditor:cases": "view", "creditor:case": "view ref", "creditor:payment_report": "money ref",
    "creditor:recall": "publish ref", "creditor:keep": "publish ref", "creditor:payment_reverse": "money ref",
    "creditor:answers": "view", "creditor:dispute_answer": "dispute ref", "creditor:statement_confirm": "money ref",
    "creditor:statement_reject": "money ref", "creditor:billing": "view", "creditor:topup": "money",
    "creditor:import": "place", "creditor:import_batch": "view ref", "creditor:import_run": "place ref",
    "creditor:import_publish": "publish ref", "creditor:import_rows": "place ref", "creditor:help": "view",
    "creditor:start": "newcomer", "creditor:programme_new": "publish", "creditor:programme_settings": "view ref",
    "creditor:team": "view", "creditor:team_add": "team", "creditor:team_change": "team ref",
    "creditor:token_new": "api", "creditor:token_revoke": "api ref",
    "debtor:home": "debtor", "debtor:check": "link", "debtor:notice": "debtor", "debtor:notice_pdf": "debtor",
    "debtor:dispute": "debtor", "debtor:stop": "debtor", "debtor:pay": "debtor", "debtor:paid": "debtor",
    "debtor:done": "debtor ref", "debtor:ended": "open", "debtor:leave": "open", "debtor:landing": "link",
    "api:placements": "system", "api:payments": "system", "api:reversals": "system ref", "api:case": "system ref",
    "api:schema": "system",
    "hooks:stripe": "hook", "hooks:voice": "hook",
}  # fmt: skip
# What a form of any page might hold, so that a missing check would do something.
FORM: dict[str, Any] = {
    "key": "strange", "text": "A stranger wrote this.", "reason": "other", "pair": "CHECK/NOTHING", "amount": "10.00",
    "due_date_day": "9", "due_date_month": "11", "due_date_year": "2026", "result": "NO_ANSWER", "kind": "normal",
    "external_ref": "STRANGE-1", "instrument": "card", "paid_on_day": "2", "paid_on_month": "11",
    "paid_on_year": "2026", "outcome": "VALIDATED", "role": "owner", "email": "x@example.com", "label": "Strange",
    "topic": "other", "idem_key": "s", "remove": "1", "parts": "amount", "form": "all",
}  # fmt: skip


def patterns(resolver: URLResolver, namespace: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from patterns(entry, entry.namespace or namespace)
        else:
            yield namespace, entry


def ours() -> list[tuple[str, URLPattern]]:
    return [(namespace, entry) for namespace, entry in patterns(get_resolver()) if namespace in NAMESPACES]


def counts() -> dict[str, int]:
    tables = {model._meta.db_table for model in apps.get_models(include_auto_created=True)} - UNCOUNTED
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(f"SELECT '{table}', count(*) FROM {table}" for table in sorted(tables)))
        return dict(cursor.fetchall())


def evidence(world: World) -> list[Any]:
    """What an update would change without adding a row."""
    rows = (world.case, world.claim, world.call, world.payment, world.dispute, world.statement, world.batch, world.ticket,
            world.programme, world.collector, world.api, world.org, world.hold)  # fmt: skip
    return [list(type(row).objects.filter(pk=row.pk).values_list()) for row in rows]


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Two thousand refusals need no lines."""
    logging.disable(logging.ERROR)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture(scope="module")
def still():
    with run_simulator("--manual-clock") as simulator:
        yield simulator


@pytest.fixture
def world(still, settings, at) -> Iterator[World]:
    settings.EVENHAND_DEMO = True
    MarketClock.objects.all().delete()
    cache.clear()
    clock.start(at)
    with provider_at(still.url, "http://testserver"):
        rows = placed(at)
        yield acted(rows, called_by_hand(rows["claim"], at), at)
    cache.clear()


def arguments(world: World) -> dict[str, list[Any]]:
    """The first creditor's, collector's and debtor's rows, for the addresses that name one."""
    case, call = world.case.ref, world.call.ref
    by_name = {
        "public:signup": ["collector"], "public:mail": [1],
        "collector:apply_document_remove": [world.document.pk],
        "collector:earnings_line": [world.payment.accruals.get().ref if hasattr(world.payment, "accruals") else "AC-1"],
        "collector:ticket": [world.ticket.ref], "collector:ticket_reply": [world.ticket.ref],
        "collector:offer": [world.claim.task.ref], "collector:claim": [world.claim.task.ref],
        "creditor:payment_reverse": [world.payment.ref], "creditor:dispute_answer": [world.dispute.ref],
        "creditor:statement_confirm": [world.statement.ref], "creditor:statement_reject": [world.statement.ref],
        "creditor:programme": ["cards"], "creditor:live": ["cards"], "creditor:programme_settings": ["cards"],
        "creditor:team_change": [world.owner.pk], "creditor:token_revoke": [world.api.pk],
        "debtor:done": ["dispute", world.dispute.ref], "debtor:landing": [world.link],
        "api:reversals": [world.payment.ref], "hooks:voice": [leg_of(world.call, "debtor").token, "choice"],
    }  # fmt: skip
    for name in ("call_page", "call_state", "hang_up", "wrap"):
        by_name[f"collector:{name}"] = [case, call]
    for name in ("case", "note", "promise", "release", "call"):
        by_name[f"collector:{name}"] = [case]
    for name in ("case", "payment_report", "recall", "keep"):
        by_name[f"creditor:{name}"] = [case]
    for name in ("import_batch", "import_run", "import_publish", "import_rows"):
        by_name[f"creditor:{name}"] = [world.batch.ref]
    by_name["api:case"] = [case]
    return by_name


def strangers(world: World) -> dict[str, Client]:
    """Everybody who is somebody, but not the one whose rows these are."""
    org = make_org("lagoon", name="Lagoon Credit")
    programme = make_programme(org, slug="loans")
    debtor_case = make_case(programme, token="another-debtors-link")
    from compliance.services.notices import send_notice

    send_notice(case=debtor_case, at=START)
    people = {
        "collector": make_collector().user, "other creditor": make_member(org), "viewer": make_member(world.org, "viewer"),
        "staff": make_user(is_staff=True), "nobody": make_user(),
    }  # fmt: skip
    clients = {"anonymous": Client(), "debtor": Client()}
    clients["debtor"].post("/p/another-debtors-link/")
    answer = clients["debtor"].post("/p/check/", {"question": "postal", "answer": "12207"})
    assert answer.status_code == 302
    for name, user in people.items():
        clients[name] = Client()
        clients[name].force_login(user)
    token = create_token(org=org, label="Other", actor="user:1", at=START)[1]
    clients["other API"] = Client(headers={"authorization": f"Bearer {token}"})
    weak = create_token(org=world.org, label="Reader", actor="user:1", at=START, role="viewer")[1]
    clients["weak API"] = Client(headers={"authorization": f"Bearer {weak}"})
    return clients


SIGNED_IN = {"collector", "other creditor", "viewer", "staff", "nobody"}
REFUSED, NOT_THERE = {403, 405}, {404, 405}
TO_LOGIN = {302, 405}


def expected(place: str, who: str) -> tuple[set[int], bool]:
    """The statuses that may come, and whether the page is this person's own (who then may see and fill his own form)."""
    words = place.split()
    kind, is_ref = words[0], "ref" in words
    if kind in {"open", "demo", "letters"}:
        return {200, 204, 302, 400, 404, 405}, True
    if kind == "hook":
        return {400, 403, 405}, False
    if kind == "debtor":
        return ({404, 405} if is_ref else {200, 302, 400, 405}, True) if who == "debtor" else ({302, 405}, False)
    if kind == "link":
        return {200, 302}, True
    if kind == "system":
        return ({200, 400, 403, 404, 405, 415} if who in {"other API", "weak API"} else {401, 405}), False
    if who in {"anonymous", "debtor", "other API", "weak API"}:
        return TO_LOGIN, False
    if kind == "applicant":
        if is_ref:
            return {302, 403, 404, 405}, False
        return {200, 302, 400, 403, 404, 405, 409}, True
    if kind == "collector":
        if who != "collector":
            return REFUSED, False
        return (NOT_THERE | {409, 410}, False) if is_ref else ({200, 302, 400, 405}, True)
    if kind == "newcomer":
        return {200, 302, 400, 403, 405}, True
    return creditors(kind, who, is_ref=is_ref)


def creditors(right: str, who: str, *, is_ref: bool) -> tuple[set[int], bool]:
    if who == "viewer":
        return ({200, 204, 302, 400, 403, 405}, True) if right == "view" else (REFUSED, False)
    if who == "other creditor":
        return (NOT_THERE, False) if is_ref else ({200, 302, 400, 405}, True)
    return REFUSED, False


def ask(client: Client, method: str, url: str, form: dict[str, Any]) -> Any:
    if url.startswith("/api/"):
        return client.generic(method, url, "{}" if method == "POST" else "", content_type="application/json")
    return client.get(url) if method == "GET" else client.post(url, form)


def leads_to_its_form(url: str, answer: Any) -> bool:
    """An address that only takes a form sends a reader to that form's page, which has a place of its own here."""
    onward = answer.headers.get("Location", "")
    return answer.status_code == 302 and (url.startswith(onward) or onward == url.replace("case", "find", 1)[:-6])


def test_every_address_is_placed():
    names = {f"{namespace}:{entry.name}" for namespace, entry in ours() if namespace != "admin"}
    assert names - set(PLACES) == set(), "say in PLACES who may open these"
    assert set(PLACES) - names == set(), "these addresses are gone"


def test_strangers_get_nothing_and_change_nothing(world, capsys):
    names = arguments(world)
    clients = strangers(world)
    secrets = world.secrets()
    before, kept = counts(), evidence(world)
    asked: Counter[str] = Counter()
    wrong = []
    for name, place in PLACES.items():
        url = reverse(name, args=names.get(name, []))
        for who, client in clients.items():
            statuses, is_own = expected(place, who)
            for method in ("GET", "POST"):
                if is_own and (method, name) in OWN_ACTS:
                    continue
                answer = ask(client, method, url, {} if is_own else FORM)
                asked[who] += 1
                body = b"".join(answer.streaming_content) if answer.streaming else answer.content
                text = body.decode("utf-8", "replace")
                # a page may say which address was asked for; members and tokens of the creditor read what is theirs
                text = text.replace(url, "")
                is_theirs = who in {"viewer", "weak API"} or place == "letters"
                told = [] if is_theirs else [word for word in secrets if word in text]
                is_form = method == "GET" and statuses >= NOT_THERE and leads_to_its_form(url, answer)
                if (answer.status_code not in statuses and not is_form) or told:
                    wrong.append(
                        f"{who}: {method} {name} -> {answer.status_code} not in {sorted(statuses)}, tells {told}"
                    )
        if (now := counts()) != before:
            changed = {table: (before[table], now[table]) for table in now if now[table] != before[table]}
            wrong.append(f"{name} changed {changed}")
            before = now
        if (rows := evidence(world)) != kept:
            wrong.append(f"{name} changed a row of the first creditor, collector or debtor")
            kept = rows
    with capsys.disabled():
        print(f"\nisolation: {len(PLACES)} addresses, {sum(asked.values())} requests, {dict(asked)}")  # noqa: T201
    assert not wrong, "\n".join(wrong)


def admin_addresses(world: World) -> list[str]:
    """Every address of the administration, each register's with a row of its own where it has one."""
    from django.contrib import admin

    rows = {f"{m._meta.app_label}_{m._meta.model_name}": m._default_manager.first() for m in admin.site._registry}
    found = []
    for namespace, entry in ours():
        name = entry.name or ""
        if namespace != "admin" or not name or name == "login":
            continue
        register, _, act = name.rpartition("_")
        if register in rows:
            is_list = act in {"changelist", "add"}
            key = rows[register].pk if rows[register] else 1
            found.append(reverse(f"admin:{name}", args=[] if is_list else [1 if act == "document" else key]))
        elif name == "view_on_site":
            found.append(reverse("admin:view_on_site", args=[1, 1]))
        elif name == "app_list":
            found.append(reverse("admin:app_list", args=["compliance"]))
        else:
            found.append(reverse(f"admin:{name}"))
    return found


def test_the_administration_is_for_staff_with_the_right(world, capsys):
    addresses = admin_addresses(world)
    known = strangers(world)
    clients = {who: known[who] for who in ("anonymous", "debtor", "collector", "other creditor", "staff")}
    before, kept = counts(), evidence(world)
    wrong, asked = [], 0
    for url in addresses:
        for who, client in clients.items():
            if url.endswith("/logout/") and who in SIGNED_IN:
                continue
            for method in ("GET", "POST"):
                answer = ask(client, method, url, FORM)
                asked += 1
                if who == "staff":
                    plain = url in {
                        "/admin/",
                        "/admin/jsi18n/",
                        "/admin/password_change/",
                        "/admin/password_change/done/",
                    }
                    allowed = {200, 302, 405} if plain else {302, 403, 404, 405}
                else:
                    allowed = {200, 302} if url.endswith(("/jsi18n/", "/logout/")) else {302, 403, 405}
                text = answer.content.decode("utf-8", "replace")
                if answer.status_code not in allowed or any(word in text for word in world.secrets()):
                    wrong.append(f"{who}: {method} {url} -> {answer.status_code} not in {sorted(allowed)}")
    if (now := counts()) != before or evidence(world) != kept:
        wrong.append(f"rows changed: { {table: now[table] for table in now if now[table] != before[table]} }")
    with capsys.disabled():
        print(f"\nadministration: {len(addresses)} addresses, {asked} requests")  # noqa: T201
    assert not wrong, "\n".join(wrong)
