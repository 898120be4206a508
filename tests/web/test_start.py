"""A creditor's beginning: the doors, the organisation, programmes with their terms, people and tokens; and who may
enter the administration."""

from __future__ import annotations

import re

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.core import mail
from django.urls import reverse

from accounts.access import token_for
from accounts.models import ApiToken, CreditorOrg, Membership
from core import clock
from core.models import Event
from marketplace.errors import ChangedMeanwhile
from marketplace.models import Programme
from marketplace.services.programmes import grant_mandate
from payments.commission import Plan
from payments.plans import Bracket
from payments.services.terms import change_programme, open_programme
from tests.factories import START, TERMS, make_claim, make_collector, make_member, make_org, make_programme, make_user
from web.creditor.start.programme_form import ProgrammeForm

pytestmark = pytest.mark.django_db
PASSWORD = "a-long-password-9"


def fields_of(page):
    """What a browser would send of the page's programme form, untouched."""
    data = {}
    for tag in re.findall(r"<input [^>]*>", page):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        kind = re.search(r'type="([^"]+)"', tag)
        if not name or name[1] == "csrfmiddlewaretoken" or (kind and kind[1] == "radio" and "checked" not in tag):
            continue
        data[name[1]] = value[1] if value else ""
    for name, body in re.findall(r'<textarea name="([^"]+)"[^>]*>\s*(.*?)</textarea>', page, re.S):
        data[name] = body
    for name, body in re.findall(r'<select name="([^"]+)"[^>]*>(.*?)</select>', page, re.S):
        chosen = re.search(r'value="([^"]*)" selected', body)
        data[name] = chosen[1] if chosen else ""
    return data


@pytest.fixture
def owner(client):
    user = make_member(make_org("harbour"))
    client.force_login(user)
    return user


@pytest.fixture
def org(owner):
    return CreditorOrg.objects.get()


def new_programme(client, **changes):
    url = reverse("creditor:programme_new")
    data = fields_of(client.get(url).content.decode())
    return client.post(url, data | {"name": "Cards", "ways_to_pay": "Bank transfer to us."} | changes)


def settings_url(programme):
    return reverse("creditor:programme_settings", args=[programme.slug])


def change(client, programme, **changes):
    url = settings_url(programme)
    return client.post(url, fields_of(client.get(url).content.decode()) | changes)


# Doors


@pytest.mark.parametrize(("door", "place"), [("creditor", "/c/start/"), ("collector", "/apply/")])
def test_each_door_leads_to_its_first_page(client, door, place):
    address = f"{door}@example.com"
    answer = client.post(
        reverse("public:signup", args=[door]), {"email": address, "password1": PASSWORD, "password2": PASSWORD}
    )
    assert answer.status_code == 302
    link = re.search(r"http://testserver(/accounts/confirm-email/\S+)", mail.outbox[-1].body)[1]
    client.post(link)
    assert EmailAddress.objects.get(email=address).verified
    answer = client.post(reverse("account_login"), {"login": address, "password": PASSWORD}, follow=True)
    assert answer.redirect_chain[-1][0] == place
    assert answer.status_code == 200


def test_without_a_door_one_is_chosen(client):
    client.force_login(make_user())
    page = client.get(reverse("public:after_login")).content.decode()
    assert reverse("creditor:start") in page
    assert reverse("collector:apply") in page
    assert client.get("/").url == reverse("public:after_login")


def test_an_applicant_and_a_new_creditor_see_no_tabs(client):
    client.force_login(make_collector(vetted=False).user)
    assert client.get(reverse("public:after_login")).url == reverse("collector:apply")
    client.force_login(make_user())
    page = client.get(reverse("creditor:start")).content.decode()
    assert 'aria-label="Main"' not in page


# Organisation


def test_founding_and_a_second_press(client):
    client.force_login(make_user())
    url = reverse("creditor:start")
    page = client.post(url, {"name": "Harbour", "legal_name": "", "postal_address": " "}).content.decode()
    assert "Enter the postal address" in page
    assert 'value="Harbour"' in page
    assert not CreditorOrg.objects.exists()
    data = {"name": "Harbour", "legal_name": "", "postal_address": "1 Quay Road"}
    assert client.post(url, data).url == reverse("creditor:programme_new")
    assert client.post(url, data).status_code == 302
    assert CreditorOrg.objects.count() == 1
    assert client.get(url).status_code == 302


def test_a_collector_or_staff_founds_nothing(client):
    for user in (make_collector().user, make_user(is_staff=True)):
        client.force_login(user)
        assert client.get(reverse("creditor:start")).status_code == 403
        assert client.post(reverse("creditor:start"), {"name": "X", "postal_address": "Y"}).status_code == 403
    assert not CreditorOrg.objects.exists()


# Programme


def test_the_usual_terms_make_a_programme_once(client, owner, org):
    for _press in range(2):
        assert new_programme(client, floor="500").status_code == 302
    programme = Programme.objects.get()
    plan = Plan.from_json(programme.terms)
    assert [(tier.from_age, tier.brackets) for tier in plan.tiers] == [
        (age, (Bracket(None, bps),)) for age, bps in ((1, 1000), (30, 1500), (60, 2000), (90, 3000), (180, 4000))
    ]
    assert plan.split == {"collector": 7000, "platform": 3000}
    assert plan.holdback["card"] == {"new": 30}
    assert programme.pack_ids == ["US-FED", "HOUSE"]
    assert programme.clearing_days == {"cash": 0, "transfer": 1, "ach": 4, "card": 2, "check": 7}
    assert (programme.float_floor_minor, programme.funding_cover, programme.terms_version) == (50_000, "float", 1)
    assert Event.objects.filter(name="programme.changed").count() == 1
    page = client.get(settings_url(programme)).content.decode()
    assert "US-FED" in page
    assert "HOUSE" in page


def test_amount_bands_become_brackets(client, owner):
    rates = {"limit_0": "1,000", "limit_1": "5000"}
    for row in range(5):
        rates |= {f"rate_{row}_0": "25", f"rate_{row}_1": "20", f"rate_{row}_2": "12.5"}
    assert new_programme(client, **rates).status_code == 302
    programme = Programme.objects.get()
    tiers = Plan.from_json(programme.terms).tiers
    assert tiers[1].brackets == (Bracket(100_000, 2500), Bracket(500_000, 2000), Bracket(None, 1250))
    page = client.get(settings_url(programme)).content.decode()
    assert fields_of(page)["rate_1_2"] == "12.5"
    assert fields_of(page)["limit_0"] == "1000"
    change(client, programme)
    programme.refresh_from_db()
    assert (programme.terms_version, Event.objects.filter(name="programme.changed").count()) == (1, 1)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": ""}, "Name the programme"),
        ({"ways_to_pay": " "}, "Say how people can pay you"),
        ({"rate_0_2": "x"}, "percentage in figures"),
        ({"rate_0_2": "101"}, "from 0 to 100"),
        ({"rate_0_2": "9.999"}, "two decimals"),
        ({"rate_0_2": ""}, "Enter the rate in percent"),
        ({"rate_0_0": "5"}, "up to which amount"),
        ({"age_0": ""}, "Enter from how many days"),
        ({"age_1": "1"}, "in the table already"),
        ({"age_1": "-4"}, "zero days or more"),
        ({"limit_0": "500", "limit_1": "400"}, "larger than the one before"),
        ({"limit_0": "-1"}, "at least"),
        ({"collector_share": "81"}, "80 % at most"),
        ({"collector_share": ""}, "Enter the collector"),
        ({"vat": "31"}, "30 % at most"),
        ({"holdback_card": "121"}, "120 days at most"),
        ({"clearing_card": "x"}, "whole days"),
        ({"dispute_answer_days": "31"}, "1 to 30"),
        ({"floor": "lots"}, "amount in figures"),
        ({"currency": "XXX"}, "not one of the available choices"),
        ({"authority_alone_0": "80"}, "days past due this counts"),
        ({"authority_age_0": "0"}, "or empty the row"),
        ({"authority_age_0": "0", "authority_alone_0": "50", "authority_owner_0": "60"}, "the lower the share"),
        ({"authority_age_0": "9", "authority_age_1": "9", "authority_alone_0": "9", "authority_alone_1": "8"}, "once"),
    ],
    ids=str,
)
def test_faulty_terms_are_errors_and_keep_what_was_typed(client, owner, changes, words):
    answer = new_programme(client, product="store card", **changes)
    page = answer.content.decode()
    assert words in page
    assert "There is a problem" in page
    assert 'value="store card"' in page
    assert not Programme.objects.exists()
    assert not Event.objects.filter(name="programme.changed").exists()


def test_settlement_authority_is_kept_as_bands(client, owner):
    new_programme(client, authority_age_0="0", authority_alone_0="80", authority_staff_0="65", authority_owner_0="50")
    assert Programme.objects.get().settlement_authority == [
        {
            "from_age": 0,
            "bands": [
                {"min_bps": 8000, "needs": None},
                {"min_bps": 6500, "needs": ["ops", "finance", "owner"]},
                {"min_bps": 5000, "needs": ["owner"]},
            ],
        }
    ]
    data = fields_of(client.get(settings_url(Programme.objects.get())).content.decode())
    assert (data["authority_alone_0"], data["authority_owner_0"]) == ("80", "50")


def test_the_preview_shows_the_fee_of_the_terms_as_typed_and_saves_nothing(client, owner):
    answer = new_programme(client, name="", preview="1", preview_age="45", preview_amount="1185.57", rate_1_2="15")
    page = answer.content.decode()
    # the worked example: 15 % of 1,185.57, split 70/30
    for words in ("15.0", "$177.84", "$124.49", "$53.35", "$1,007.73"):
        assert words in page
    assert "There is a problem" not in page
    assert not Programme.objects.exists()
    page = new_programme(client, preview="1", preview_age="0").content.decode()
    assert "no rate for a debt of this age" in page
    page = new_programme(client, preview="1", rate_1_2="x").content.decode()
    assert "percentage in figures" in page


def test_the_preview_as_a_fragment(client, owner):
    url = reverse("creditor:programme_new")
    data = fields_of(client.get(url).content.decode()) | {"preview": "1"}
    answer = client.post(url, data, headers={"HX-Request": "true"})
    assert answer.content.decode().startswith('<div id="preview-result"')


def test_new_terms_leave_live_claims_alone(client, owner, org):
    programme = make_programme(org, slug="cards", float_floor_minor=0)
    from tests.factories import make_case

    claim = make_claim(make_case(programme, state="WORKING"))
    before = claim.terms
    page = client.get(settings_url(programme)).content.decode()
    assert "1 case is in work" in page
    assert change(client, programme, rate_1_2="22", collector_share="60").status_code == 302
    programme.refresh_from_db()
    claim.refresh_from_db()
    assert claim.terms == before == TERMS
    assert programme.terms_version == 2
    assert Plan.from_json(programme.terms).split["collector"] == 6000
    assert Plan.from_json(programme.terms).tiers[1].brackets[0].bps == 2200
    assert Event.objects.get(name="programme.changed").data == {
        "changed": ["terms", "terms_version"],
        "terms_version": 2,
    }


def test_opening_and_saving_changes_nothing(client, owner, org):
    programme = make_programme(org, slug="cards")
    before = Programme.objects.filter(pk=programme.pk).values().get()
    assert change(client, programme).status_code == 302
    assert Programme.objects.filter(pk=programme.pk).values().get() == before


def test_a_colleague_was_faster(client, owner, org):
    programme = make_programme(org, slug="cards")
    data = fields_of(client.get(settings_url(programme)).content.decode())
    change(client, programme, rate_0_2="11")
    answer = client.post(settings_url(programme), data | {"rate_0_2": "12"})
    assert "A colleague has changed this" in answer.content.decode()
    programme.refresh_from_db()
    assert Plan.from_json(programme.terms).tiers[0].brackets[0].bps == 1100
    form = ProgrammeForm(data | {"version": "2"}, programme=programme)
    assert form.is_valid()
    with pytest.raises(ChangedMeanwhile):
        change_programme(programme=programme, values=form.values, plan=form.plan, version=1, actor="user:1", at=START)


def test_terms_the_form_did_not_make_survive_it(client, owner, org):
    terms = TERMS | {
        "minimum": 500, "holdback": {"cash": {"new": 5, "known": 1}},
        "tiers": [
            {"from_age": age, "brackets": [{"up_to": 1000 * n, "bps": 100 * n} for n in range(1, 4)] + [{"up_to": None, "bps": 900 + age}]}
            for age in range(1, 9)
        ],
    }  # fmt: skip
    programme = make_programme(org, slug="cards", terms=terms)
    assert change(client, programme, name="Other").status_code == 302
    programme.refresh_from_db()
    assert programme.name == "Other"
    assert Plan.from_json(programme.terms) == Plan.from_json(terms)
    assert programme.terms_version == 1


def test_a_mandate_is_granted_by_staff(client, owner, org):
    programme = make_programme(org, slug="cards")
    assert 'name="cover"' not in client.get(settings_url(programme)).content.decode()
    change(client, programme, cover="mandate")
    programme.refresh_from_db()
    assert programme.funding_cover == "float"
    grant_mandate(programme=programme, limit_minor=100_000, staff=make_user(is_staff=True), at=START)
    change(client, programme, cover="mandate")
    programme.refresh_from_db()
    assert programme.funding_cover == "mandate"


def test_who_may_read_and_change_terms(client, org, owner):
    programme, stranger = make_programme(org, slug="cards"), make_member(make_org())
    data = fields_of(client.get(settings_url(programme)).content.decode()) | {"name": "Taken over"}
    for user, reads, writes in (
        (stranger, 404, 404), (make_collector().user, 403, 403), (make_member(org, "viewer"), 200, 403),
        (make_member(org, "finance"), 200, 403), (make_member(org, "ops"), 200, 302),
    ):  # fmt: skip
        client.force_login(user)
        assert client.get(settings_url(programme)).status_code == reads
        if writes == 403:
            assert client.post(settings_url(programme), data).status_code == 403
            assert Programme.objects.get(pk=programme.pk).name == "Cards"
    client.force_login(make_member(org, "viewer"))
    page = client.get(settings_url(programme)).content.decode()
    assert "<fieldset" in page
    assert "disabled" in page
    assert client.get(reverse("creditor:programme_new")).status_code == 403
    client.force_login(stranger)
    assert client.post(settings_url(programme), data).status_code == 404


def test_the_same_slug_in_another_organisation_is_another_programme():
    plan = Plan.from_json(TERMS)
    form = ProgrammeForm()
    values = {"actor": "user:1", "at": START, "plan": plan}
    from marketplace.services.programmes import ProgrammeValues

    wanted = ProgrammeValues(name="Cards", product="card", ways_to_pay="Transfer", clearing_days={"cash": 0})
    first = open_programme(org=make_org(), values=wanted, **values)
    second = open_programme(org=make_org(), values=wanted, **values)
    assert (first.slug, second.slug) == ("cards", "cards")
    assert first.pk != second.pk
    assert form.currency == "USD"


# Team


def test_people_are_added_changed_and_removed(client, owner, org):
    user = make_user(email="ops@example.com")
    EmailAddress.objects.create(user=user, email=user.email, verified=True)
    page = client.post(reverse("creditor:team_add"), {"email": "nobody@example.com", "role": "ops"}).content.decode()
    assert "cannot be added" in page
    assert 'value="nobody@example.com"' in page
    assert client.post(reverse("creditor:team_add"), {"email": user.email, "role": "ops"}).status_code == 302
    url = reverse("creditor:team_change", args=[user.pk])
    client.post(url, {"role": "finance"})
    assert Membership.objects.get(user=user).role == "finance"
    client.post(url, {"role": "king"})
    assert Membership.objects.get(user=user).role == "finance"
    client.post(url, {"remove": "1"})
    assert not Membership.objects.filter(user=user).exists()
    page = client.post(reverse("creditor:team_change", args=[owner.pk]), {"remove": "1"}, follow=True).content.decode()
    assert Membership.objects.get().user == owner
    assert client.post(url, {"role": "owner"}).status_code == 404


def test_a_token_is_shown_once_and_revoked(client, owner, org):
    url = reverse("creditor:token_new")
    answer = client.post(url, {"label": "Ledger"})
    raw = re.search(r"eh_[\w-]+", answer.content.decode())[0]
    assert "no-store" in answer.headers["Cache-Control"]
    assert token_for(raw, clock.now()).org == org
    assert raw not in client.get(reverse("creditor:team")).content.decode()
    assert "is in use" in client.post(url, {"label": "Ledger"}).content.decode()
    assert "Name the system" in client.post(url, {"label": ""}).content.decode()
    token = ApiToken.objects.get()
    client.post(reverse("creditor:token_revoke", args=[token.pk]))
    assert token_for(raw, clock.now()) is None
    assert client.post(reverse("creditor:token_revoke", args=[token.pk])).status_code == 404


def test_team_rights(client, org, owner):
    token = ApiToken.objects.create(org=org, label="x", token_hash=b"1" * 32, created_at=START)
    acts = [
        ("team_add", [], {"email": "a@example.com", "role": "owner"}),
        ("team_change", [owner.pk], {"remove": "1"}),
        ("token_new", [], {"label": "mine"}),
        ("token_revoke", [token.pk], {}),
    ]
    for user, reads in (
        (make_member(org, "ops"), 200),
        (make_member(org, "viewer"), 200),
        (make_collector().user, 403),
    ):
        client.force_login(user)
        page = client.get(reverse("creditor:team"))
        assert page.status_code == reads
        assert "Make a token" not in page.content.decode()
        for name, args, data in acts:
            assert client.post(reverse(f"creditor:{name}", args=args), data).status_code == 403
    client.force_login(make_member(make_org()))
    assert client.post(reverse("creditor:token_revoke", args=[token.pk])).status_code == 404
    assert client.post(reverse("creditor:team_change", args=[owner.pk]), {"remove": "1"}).status_code == 404
    token.refresh_from_db()
    assert token.revoked_at is None
    assert Membership.objects.filter(user=owner).exists()
    assert ApiToken.objects.count() == 1


# The administration's second factor


def sign_in(client, user, **kwargs):
    EmailAddress.objects.get_or_create(user=user, email=user.email, defaults={"verified": True, "primary": True})
    return client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD}, **kwargs)


def code_for(secret):
    counter = next(iter(yield_hotp_counters_from_time()))
    return format_hotp_value(hotp_value(secret, counter))


@pytest.fixture
def staff():
    return make_user(is_staff=True, is_superuser=True)


def test_in_the_demo_staff_enter_with_a_password(client, staff, settings):
    assert settings.EVENHAND_DEMO
    assert client.get("/admin/").status_code == 302
    assert client.get("/admin/login/?next=/admin/").url == "/accounts/login/?next=/admin/"
    sign_in(client, staff)
    assert client.get("/admin/").status_code == 200


def test_outside_the_demo_a_password_is_not_enough(client, staff, settings):
    settings.EVENHAND_DEMO = False
    sign_in(client, staff)
    answer = client.get("/admin/", follow=True)
    asked = answer.redirect_chain[-1][0]
    assert asked.startswith("/accounts/reauthenticate/?next=%2Faccounts%2F2fa%2Ftotp%2Factivate%2F")
    assert "Staff sign in with a second step" in answer.content.decode()
    assert client.post(asked, {"password": PASSWORD}, follow=True).status_code == 200
    assert client.get(reverse("admin:accounts_user_changelist")).status_code == 302
    assert client.post(reverse("admin:accounts_agency_add"), {"name": "x"}).status_code == 302


def test_outside_the_demo_the_second_factor_opens_it(client, staff, settings):
    settings.EVENHAND_DEMO = False
    secret = generate_totp_secret()
    TOTP.activate(staff, secret)
    assert sign_in(client, staff).url == reverse("mfa_authenticate")
    assert client.get("/admin/").status_code == 302
    client.post(reverse("mfa_authenticate"), {"code": code_for(secret)})
    assert client.get("/admin/").status_code == 200


def test_a_session_older_than_the_second_factor_has_to_give_it(client, staff, settings):
    settings.EVENHAND_DEMO = False
    sign_in(client, staff)
    secret = generate_totp_secret()
    TOTP.activate(staff, secret)
    answer = client.get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0].startswith("/accounts/2fa/reauthenticate/")
    answer = client.post(answer.redirect_chain[-1][0], {"code": code_for(secret)})
    assert answer.url == "/admin/"
    assert client.get("/admin/").status_code == 200


def test_the_administration_is_for_staff(client, owner):
    for user in (owner, make_collector().user):
        client.force_login(user)
        assert client.get("/admin/", follow=True).status_code == 403


def test_the_way_in_leads_only_to_our_own_pages(client, staff):
    client.force_login(staff)
    assert client.get("/admin/login/?next=https://example.org/").url == "/admin/"
