"""The administration: every register opens, nothing in it can be written, and its three acts go through the services."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.urls import reverse

from core import clock
from core.models import Event, MarketClock
from marketplace.models import SupportMessage
from tests.accounts.kit import make_staff
from tests.calling.kit import provider_at
from tests.factories import make_user
from tests.simulator import run_simulator
from tests.web.world import World, acted, called_by_hand, placed

pytestmark = pytest.mark.django_db
OURS = {"core", "accounts", "marketplace", "compliance", "calling", "payments", "insight"}


@pytest.fixture(scope="module")
def still():
    with run_simulator("--manual-clock") as simulator:
        yield simulator


@pytest.fixture
def world(still, settings, at) -> World:
    settings.EVENHAND_DEMO = True
    MarketClock.objects.all().delete()
    clock.start(at)
    with provider_at(still.url, "http://testserver"):
        rows = placed(at)
        return acted(rows, called_by_hand(rows["claim"], at), at)


@pytest.fixture
def staff() -> Client:
    client = Client()
    client.force_login(make_staff())
    return client


def registers() -> list[Any]:
    return [model for model in admin.site._registry if model._meta.app_label in OURS]


def test_every_register_and_row_opens_under_the_policy_and_shows_no_number(world, staff):
    pages = 0
    for model in registers():
        base = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        addresses = [reverse(f"{base}_changelist"), reverse(f"{base}_changelist") + "?q=K-1"]
        first = model._default_manager.first()
        if first is not None:
            addresses.append(reverse(f"{base}_change", args=[first.pk]))
        for address in addresses:
            answer = staff.get(address, follow=True)
            assert answer.status_code == 200, address
            text = answer.content.decode()
            pages += 1
            assert not re.search(
                r"<script(?![^>]*\bsrc=)(?![^>]*type=.(?:application/json|text/))|\sstyle=|\son\w+=\"", text
            ), address
            assert "5550177" not in text
            assert "5550133" not in text
    assert pages > 100


def test_no_register_can_be_written(world, staff):
    for model in registers():
        base = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        assert staff.post(reverse(f"{base}_add"), {}).status_code == 403
        first = model._default_manager.first()
        if first is not None:
            assert staff.post(reverse(f"{base}_delete", args=[first.pk]), {"post": "yes"}).status_code == 403
            if model._meta.model_name != "application":
                assert staff.post(reverse(f"{base}_change", args=[first.pk]), {}).status_code == 403


def test_contact_points_masks_and_mails_have_no_page(world):
    names = {model._meta.label for model in admin.site._registry}
    assert not names & {"marketplace.ContactPoint", "calling.MaskNumber", "core.SentMail", "marketplace.BatchRow"}
    assert apps.get_model("marketplace.ContactPoint").objects.exists()


def test_a_hold_is_lifted_once_with_a_reason(world, staff):
    address = reverse("admin:compliance_hold_lift", args=[world.hold.pk])
    assert "Lift this hold" in staff.get(address).content.decode()
    events = Event.objects.count()
    assert staff.post(address, {"reason": " "}).status_code == 400
    world.hold.refresh_from_db()
    assert (world.hold.closed_at, Event.objects.count()) == (None, events)
    assert staff.post(address, {"reason": "Settled with the creditor."}).status_code == 302
    world.hold.refresh_from_db()
    assert world.hold.close_reason == "Settled with the creditor."
    assert Event.objects.filter(name="hold.closed").count() == 1
    assert staff.post(address, {"reason": "Again."}).status_code == 409
    assert Event.objects.filter(name="hold.closed").count() == 1


def test_a_ticket_is_answered_in_its_talk(world, staff):
    address = reverse("admin:marketplace_supportticket_answer", args=[world.ticket.pk])
    page = staff.get(address).content.decode()
    assert "Why was this refused?" in page
    assert world.refusal.ref in page
    assert staff.post(address, {"text": ""}).status_code == 400
    assert staff.post(address, {"text": "Seven calls in seven days is the most."}).status_code == 302
    world.ticket.refresh_from_db()
    assert world.ticket.state == "ANSWERED"
    assert SupportMessage.objects.last().is_staff


def test_a_reader_sees_the_acts_and_may_not_do_them(world):
    from django.contrib.auth.models import Permission

    reader = make_user(is_staff=True)
    reader.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client = Client()
    client.force_login(reader)
    for name, row, form in (
        ("compliance_hold_lift", world.hold, {"reason": "x"}), ("marketplace_supportticket_answer", world.ticket, {"text": "x"})
    ):  # fmt: skip
        address = reverse(f"admin:{name}", args=[row.pk])
        assert "Nothing to do here" in client.get(address).content.decode()
        assert client.post(address, form).status_code == 403
    world.hold.refresh_from_db()
    assert world.hold.closed_at is None
    assert SupportMessage.objects.filter(is_staff=True).count() == 0


def test_a_refusal_says_each_rule_in_words(world, staff):
    page = staff.get(reverse("admin:compliance_refusal_change", args=[world.refusal.pk])).content.decode()
    assert world.refusal.denials[0]["rule"] in page
    assert world.refusal.denials[0]["say"][:30] in page.replace("&#x27;", "'")


def test_a_stream_is_verified_and_a_changed_byte_named(world, staff):
    events = Event.objects.filter(stream=world.case.stream)
    form = {"action": "verify", "_selected_action": [str(events.first().pk)]}
    address = reverse("admin:core_event_changelist")
    assert "1 stream is whole" in staff.post(address, form, follow=True).content.decode()
    victim = events.order_by("number")[2]
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE core_event DISABLE TRIGGER core_event_append_only")
        cursor.execute("UPDATE core_event SET actor = 'system!' WHERE id = %s", [victim.pk])
        cursor.execute("ALTER TABLE core_event ENABLE ALWAYS TRIGGER core_event_append_only")
    assert f"event {victim.number} does not fit" in staff.post(address, form, follow=True).content.decode()
