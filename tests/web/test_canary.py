"""Two canary phone numbers go through the whole story; then everything anybody can read is searched for them.

Read: every page that links lead to, with its headers, as each person; the API's answers; mails; log lines; task
messages; what each phone of the simulator shows about the other side; and a plain dump of the database.
"""

from __future__ import annotations

import base64
import csv
import io
import json
import logging
import re
import subprocess
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import pytest
from celery.signals import before_task_publish
from django.contrib import admin
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import reverse

from calling.models import Call
from config import postgres
from core import clock
from core.crypto import unseal
from core.events import run_pending
from core.models import MarketClock, SentMail
from marketplace.models import Batch, ContactPoint
from tests.accounts.kit import make_staff
from tests.calling.kit import provider_at
from tests.simulator import Simulator, run_simulator, wait_for
from tests.web.world import COLLECTOR_PHONE, DEBTOR_PHONE, World, acted, placed, portfolio

CANARIES = {"debtor": DEBTOR_PHONE, "collector": COLLECTOR_PHONE}
MOST_PAGES = 1500
_BETWEEN = r"(?:[\s().\-+/·\u00a0\u2010-\u2015]|&nbsp;|%20|%2B){0,3}"
_SPLIT = re.compile(r"stream\r?\n(.*?)endstream", re.DOTALL)


def shapes(number: str) -> list[re.Pattern[str]]:
    """The last seven digits however they are set, and what the whole number looks like in hex or base64."""
    found = [re.compile(_BETWEEN.join(number[-7:]))]
    for text in (number, number[2:]):
        raw = text.encode()
        found.append(re.compile(raw.hex(), re.IGNORECASE))
        for shift in range(3):
            middle = base64.b64encode(b"\0" * shift + raw).decode()[4 if shift else 0 : -4]
            found.append(re.compile(re.escape(middle)))
    return found


SHAPES = {who: shapes(number) for who, number in CANARIES.items()}


def told(text: str) -> list[str]:
    return [who for who, wanted in SHAPES.items() if any(shape.search(text) for shape in wanted)]


@dataclass
class Search:
    """What was read, by kind, and where a number was found."""

    counted: dict[str, int] = field(default_factory=dict)
    hits: list[str] = field(default_factory=list)

    def look(self, kind: str, where: str, text: str) -> None:
        self.counted[kind] = self.counted.get(kind, 0) + 1
        self.hits += [f"{kind}: {where} tells the {who}'s number" for who in told(text)]


def test_the_search_finds_every_shape_of_a_number():
    for text in (
        "+12125550177", "(212) 555-0177", "212.555.0177", "5550177", "555 01 77", "555&nbsp;0177", "%2B12125550177",
        "+1 212 555–0177", "call 1-212-555-0177 now", DEBTOR_PHONE.encode().hex(), DEBTOR_PHONE[2:].encode().hex(),
        base64.b64encode(DEBTOR_PHONE.encode()).decode(), base64.b64encode(b"x" + DEBTOR_PHONE.encode()).decode(),
        base64.b64encode(b"xx" + DEBTOR_PHONE.encode() + b"y").decode(),
    ):  # fmt: skip
        assert told(text) == ["debtor"], text
    assert told("ends in 0177, row 5, 550 1776") == []


class Lines(logging.Handler):
    """Every line of every logger as the product would write it."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []
        self.setFormatter(logging.Formatter("%(name)s %(message)s %(args)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{self.format(record)} {record.msg!r} {record.args!r} {record.exc_text or ''}")


@pytest.fixture
def lines() -> Iterator[list[str]]:
    handler, root = Lines(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    quiet = [logging.getLogger(name) for name in ("django", "django.server")]
    for logger in quiet:
        logger.setLevel(logging.INFO)
    try:
        yield handler.lines
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        for logger in quiet:
            logger.setLevel(level)


@pytest.fixture
def messages() -> Iterator[list[str]]:
    """Every task message, its headers included."""
    found: list[str] = []

    def seen(body: Any = None, headers: Any = None, **_kwargs: Any) -> None:
        found.append(json.dumps([body, headers], default=repr))

    before_task_publish.connect(seen)
    yield found
    before_task_publish.disconnect(seen)


@pytest.fixture(scope="module")
def exchange(real_site) -> Iterator[Simulator]:
    with run_simulator("--talk", "20", tick=0.05) as simulator, provider_at(simulator.url, real_site.url):
        yield simulator


def talk(client: Client, world: dict[str, Any], exchange: Simulator, search: Search) -> Call:
    """The collector presses call; both phones are answered by hand and join; the debtor hangs up."""
    phones = {side: exchange.phone(number, side, by_hand=True) for side, number in CANARIES.items()}
    started = client.post(f"/case/{world['case'].ref}/call/", {"key": "canary"})
    assert started.status_code == 302, started.content.decode()[-1500:]
    for side in ("collector", "debtor"):
        exchange.await_status(phones[side], "ringing")
        look_at_phones(exchange, phones, search)
        exchange.post(f"/phones/{phones[side]}/answer")
        wait_for(lambda side=side: exchange.screen(phones[side])["heard"])
        exchange.post(f"/phones/{phones[side]}/press", key="1")
    call = Call.objects.get()
    wait_for(lambda: Call.objects.filter(pk=call.pk, bridged_at__isnull=False).exists())
    look_at_phones(exchange, phones, search)
    search.look("page", "live call", client.get(started.url).content.decode())
    exchange.post(f"/phones/{phones['debtor']}/hangup")
    wait_for(lambda: Call.objects.filter(pk=call.pk, ended_at__isnull=False).exists())
    look_at_phones(exchange, phones, search)
    call.refresh_from_db()
    assert call.ended_as == "bridged"
    return call


def look_at_phones(exchange: Simulator, phones: dict[str, str], search: Search) -> None:
    """Neither phone shows or says the other side's number."""
    for side, other in (("collector", "debtor"), ("debtor", "collector")):
        shown = json.dumps(exchange.screen(phones[side]))
        search.counted["phone screen"] = search.counted.get("phone screen", 0) + 1
        if other in told(shown):
            search.hits.append(f"the {side}'s phone shows the {other}'s number: {shown}")


def links(url: str, text: str) -> Iterator[str]:
    for found in re.findall(r'(?:href|src|data-poll|action|hx-get)="([^"#]+)', text):
        target = urlsplit(unescape(found))
        path = target.path if target.path.startswith("/") else ""
        if target.netloc or target.scheme or (not path and not target.query):
            continue
        if path.startswith(("/static/", "/accounts/logout", "/admin/logout")) or re.search(
            r"(^|&)_?(o|facets)=", target.query
        ):
            continue
        if target.query and urlsplit(url).path.startswith("/admin/") and not target.query.startswith("p="):
            continue  # the same rows again, filtered
        yield (path or urlsplit(url).path) + (f"?{target.query}" if target.query else "")


def unpacked(body: bytes) -> str:
    """A PDF's streams as text beside the raw bytes."""
    texts = [body.decode("latin-1")]
    for packed in _SPLIT.findall(body.decode("latin-1")):
        raw = packed.strip().encode("latin-1")
        for read in (lambda raw=raw: raw, lambda raw=raw: base64.a85decode(b"<~" + raw, adobe=True)):
            try:
                texts.append(zlib.decompress(read()).decode("latin-1"))
            except (ValueError, zlib.error):
                continue
    return "\n".join(texts)


def crawl(who: str, client: Client, starts: list[str], search: Search) -> set[str]:
    """Every page links lead to from `starts`, its body and headers; returns the paths read."""
    waiting, seen = list(starts), set(starts)
    while waiting:
        url = waiting.pop(0)
        answer = client.get(url)
        assert answer.status_code < 500, url
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        is_pdf = answer.headers.get("Content-Type", "").startswith("application/pdf")
        text = unpacked(body) if is_pdf else body.decode("utf-8", "replace")
        search.look(
            f"{who} page", url, text + "\n" + "\n".join(f"{key}: {value}" for key, value in answer.headers.items())
        )
        further = [answer.headers["Location"]] if "Location" in answer.headers else []
        found = further if is_pdf else [*further, *links(url, text)]
        for target in found:
            parts = urlsplit(target)
            if not parts.netloc and target not in seen:
                seen.add(target)
                waiting.append(target)
        assert len(seen) < MOST_PAGES, f"{who}: links without end, the last to {url}"
    return {urlsplit(url).path for url in seen}


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def registers() -> list[str]:
    """Every register of the administration and its newest rows."""
    found = ["/admin/"]
    for model in admin.site._registry:
        base = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        found.append(reverse(f"{base}_changelist"))
        found += [
            reverse(f"{base}_change", args=[pk])
            for pk in model._default_manager.order_by("-pk").values_list("pk", flat=True)[:12]
        ]
    return found


def ask_the_api(world: World, search: Search, at: Any) -> None:
    """The creditor's system places the same rows again and a broken one, reads the case, sends nonsense."""
    client = Client(headers={"authorization": f"Bearer {world.token}"})
    rows = list(csv.DictReader(io.StringIO(portfolio(at).decode())))
    rows = [
        {**rows[0], "account_ref": "BAD-1", "principal": "abc"},
        {**rows[0], "account_ref": "BAD-3", "principal": DEBTOR_PHONE, "days_past_due": DEBTOR_PHONE},
        {**rows[0], "account_ref": "BAD-2", "phone": f"{DEBTOR_PHONE}9"},
    ]
    answers = [
        client.get(f"/api/v1/cases/{world.case.ref}"), client.get("/api/v1/schema/"),
        client.post("/api/v1/placements", {"programme": "cards", "rows": rows}, content_type="application/json"),
        client.post("/api/v1/payments", {"case": world.case.ref, "amount_minor": -1}, content_type="application/json"),
        client.post("/api/v1/payments", {"case": DEBTOR_PHONE}, content_type="application/json"),
    ]  # fmt: skip
    for answer in answers:
        search.look("API answer", answer.request["PATH_INFO"], answer.content.decode() + str(answer.headers))
    assert [answer.status_code for answer in answers] == [200, 200, 201, 400, 400]
    assert Batch.objects.latest("pk").verdicts["rejected"] >= 1


def dump() -> str:
    """A plain dump of the whole database."""
    wanted = connection.settings_dict
    place = [("-h", wanted["HOST"]), ("-p", wanted["PORT"]), ("-U", wanted["USER"])]
    options = [word for flag, value in place if value for word in (flag, str(value))]
    command = [postgres.binaries() / "pg_dump", *options, wanted["NAME"]]
    ran = subprocess.run(
        command, capture_output=True, text=True, timeout=120, env={"PGPASSWORD": wanted["PASSWORD"] or "x"}
    )
    assert ran.returncode == 0, ran.stderr
    assert "COPY public.core_event" in ran.stdout
    return ran.stdout


def test_no_number_is_told_anywhere(real_db, real_site, exchange, lines, messages, settings, at, capsys):
    settings.EMAIL_BACKEND = "web.public.mailbox.MailboxBackend"
    MarketClock.objects.all().delete()
    clock.start(at)
    cache.clear()
    search = Search()
    rows = placed(at)
    collector, owner = signed_in(rows["collector"].user), signed_in(rows["owner"])
    call = talk(collector, rows, exchange, search)
    world = acted(rows, call, clock.now())
    Client().post("/accounts/password/reset/", {"email": world.collector.user.email})
    debtor = Client()
    debtor.post(f"/p/{world.link}/")
    assert debtor.post("/p/check/", {"question": "postal", "answer": "12207"}).status_code == 302
    run_pending()
    ask_the_api(world, search, at)
    case = f"/case/{world.case.ref}/"
    read = crawl("visitor", Client(), ["/", "/real/", "/mailbox/", "/mailbox/letters/", f"/p/{world.link}/"], search)
    read |= crawl(
        "collector",
        collector,
        [
            "/today/",
            "/find/",
            case,
            f"{case}call/{call.ref}/",
            f"{case}wrap/{call.ref}/",
            f"{case}note/",
            "/apply/",
            "/accounts/email/",
        ],
        search,
    )
    read |= crawl("creditor", owner, ["/c/", f"/c/cases/{world.case.ref}/", "/c/programme/cards/live/"], search)
    read |= crawl(
        "debtor",
        debtor,
        ["/p/home/", "/p/notice/", "/p/notice/pdf/", "/p/dispute/", "/p/stop/", "/p/pay/", "/p/paid/"],
        search,
    )
    read |= crawl("admin", signed_in(make_staff()), registers(), search)
    for url in ("/p/notice/", case, f"/c/cases/{world.case.ref}/", "/admin/calling/call/", "/earnings/", "/c/billing/"):
        assert url in read, url
    for mail in SentMail.objects.all():
        search.look("mail", mail.subject, f"{mail.recipient} {mail.subject} {mail.body_text} {mail.body_html}")
    for line in list(lines):
        search.look("log line", line[:80], line)
    for message in messages:
        search.look("task message", message[:80], message)
    search.look("database dump", "pg_dump", dump())
    for kind in ("mail", "log line", "task message", "API answer", "phone screen"):
        assert search.counted.get(kind), f"no {kind} was read, so nothing is proved about it"
    sealed(world)
    with capsys.disabled():
        print(f"\ncanary: {sum(n for kind, n in search.counted.items() if 'page' in kind)} pages; {search.counted}")  # noqa: T201
    # The one place that may: a creditor downloads its own rejected lines, as it sent them, to mend them.
    own = f"creditor page: /c/import/{Batch.objects.latest('pk').ref}/rows/ tells the debtor's number"
    found = list(dict.fromkeys(search.hits))
    assert found == [own], "\n".join(found)


def sealed(world: World) -> None:
    """The numbers are there, as ciphertext only."""
    point = ContactPoint.objects.get(debtor=world.case.debtor, kind="phone")
    for blob, number in ((bytes(point.sealed), DEBTOR_PHONE), (bytes(world.collector.phone_sealed), COLLECTOR_PHONE)):
        assert unseal(blob) == number
        assert told(blob.decode("latin-1")) == []
