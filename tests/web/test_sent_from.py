"""Addresses that only take what a form sends: opened by hand, by Back or after signing in, they lead to that form."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from core.models import Event
from tests.factories import make_collector, make_member, make_org

pytestmark = pytest.mark.django_db

COLLECTOR = {
    "/case/T-ABCDEFGH/claim/": "/find/T-ABCDEFGH/",
    "/case/K-ABCDEFGH/call/": "/case/K-ABCDEFGH/",
    "/case/K-ABCDEFGH/call/L-ABCDEFGH/end/": "/case/K-ABCDEFGH/call/L-ABCDEFGH/",
    "/support/S-ABCDEFGH/reply/": "/support/S-ABCDEFGH/",
    "/apply/submit/": "/apply/",
    "/apply/renew/": "/apply/",
}
CREDITOR = {
    "/c/billing/topup/": "/c/billing/",
    "/c/team/add/": "/c/team/",
    "/c/team/1/": "/c/team/",
    "/c/team/tokens/": "/c/team/",
    "/c/team/tokens/1/revoke/": "/c/team/",
    "/c/import/B-ABCDEFGH/run/": "/c/import/B-ABCDEFGH/",
    "/c/import/B-ABCDEFGH/publish/": "/c/import/B-ABCDEFGH/",
}


@pytest.fixture
def people() -> dict[str, Client]:
    org = make_org()
    users = {"collector": make_collector().user, "creditor": make_member(org)}
    clients = {name: Client() for name in users}
    for name, user in users.items():
        clients[name].force_login(user)
    return clients


@pytest.mark.parametrize(
    ("who", "path", "page"),
    [("collector", *pair) for pair in COLLECTOR.items()] + [("creditor", *pair) for pair in CREDITOR.items()],
)
def test_opened_by_its_address_it_leads_to_the_page_of_its_form(
    people: dict[str, Client], who: str, path: str, page: str
) -> None:
    events = Event.objects.count()
    answer = people[who].get(path)
    assert (answer.status_code, answer["Location"]) == (302, page)
    assert people[who].put(path).status_code == 405
    stranger = people["creditor" if who == "collector" else "collector"].get(path)
    assert stranger.status_code in (302, 403)
    if stranger.status_code == 403:
        assert "Ask an owner" not in stranger.content.decode()
    assert Client().get(path)["Location"].startswith("/accounts/login/")
    assert Event.objects.count() == events


def _views(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, Callable[..., Any]]]:
    for entry in resolver.url_patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield path, entry.callback
        else:
            yield from _views(entry, path)


def test_no_page_of_ours_answers_a_person_with_a_bare_405(people: dict[str, Client]) -> None:
    """Every address of the two audiences that has no argument, so that a new one is not forgotten."""
    for path, view in _views(get_resolver()):
        if view.__module__.startswith(("web.collector", "web.creditor")) and "<" not in path:
            for client in people.values():
                assert client.get(f"/{path}").status_code != 405, path
