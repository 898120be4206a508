"""Every account page that can be reached, in our frame, from opening an account to the second step."""

from __future__ import annotations

import re

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal import auth as totp
from django.core import mail
from django.test import Client

from accounts.models import User

pytestmark = pytest.mark.django_db
PASSWORD = "a-quiet-harbour-7"


def link_in(message: mail.EmailMessage) -> str:
    found = re.search(r"https?://[^/]+(/\S+)", str(message.body))
    assert found
    return found[1]


def ours(response: object) -> str:
    """The page's text, once it is known to stand in our frame and to have a heading of its own."""
    html: str = response.content.decode()  # type: ignore[attr-defined]
    assert 'class="topbar"' in html
    assert html.count("<h1") == 1
    return html


@pytest.fixture
def user() -> User:
    user = User.objects.create_user(email="dana@example.org", password=PASSWORD)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def test_from_a_door_to_a_confirmed_account(client: Client) -> None:
    assert "/accounts/signup/creditor/" in ours(client.get("/accounts/signup/"))
    page = ours(client.get("/accounts/signup/collector/"))
    assert "Work as a collector" in page
    answers = {"email": "new@example.org", "password1": PASSWORD, "password2": PASSWORD}
    assert "Look in your mail" in ours(client.post("/accounts/signup/collector/", answers, follow=True))
    link = link_in(mail.outbox[-1])
    assert "Is new@example.org your address?" in ours(client.get(link))
    client.post(link)
    assert EmailAddress.objects.get(email="new@example.org").verified
    assert client.session["door"] == "collector"


def test_an_unknown_door_is_no_page(client: Client) -> None:
    assert client.get("/accounts/signup/window/").status_code == 404


def test_errors_name_the_question(client: Client) -> None:
    html = ours(client.post("/accounts/login/", {"login": "", "password": ""}))
    assert "“E-mail address” needs an answer" in html
    assert 'href="#id_login"' in html
    assert "<title>Error: " in html
    assert re.search(r'id="id_login"[^>]*aria-invalid="true"|aria-invalid="true"[^>]*id="id_login"', html)


def test_wrong_password_says_nothing_about_the_account(client: Client, user: User) -> None:
    known = ours(client.post("/accounts/login/", {"login": user.email, "password": "wrong"}))
    unknown = ours(client.post("/accounts/login/", {"login": "nobody@example.org", "password": "wrong"}))
    sentence = re.search(r'<li class="error">(.*?)</li>', known)
    assert sentence
    assert sentence[1] in unknown


def test_a_forgotten_password(client: Client, user: User) -> None:
    ours(client.get("/accounts/password/reset/"))
    assert "Look in your mail" in ours(client.post("/accounts/password/reset/", {"email": user.email}, follow=True))
    response = client.get(link_in(mail.outbox[-1]), follow=True)
    ours(response)
    new = {"password1": "another-harbour-8", "password2": "another-harbour-8"}
    ours(client.post(response.request["PATH_INFO"], new, follow=True))
    assert client.login(email=user.email, password="another-harbour-8")
    assert "has been used or has ended" in ours(client.get(link_in(mail.outbox[0]), follow=True))


@pytest.mark.parametrize(
    "path",
    ["/accounts/email/", "/accounts/password/change/", "/accounts/logout/", "/accounts/2fa/", "/accounts/inactive/"],
)
def test_own_pages(client: Client, user: User, path: str) -> None:
    client.force_login(user)
    ours(client.get(path))


def test_the_second_step_on_used_and_off(client: Client, user: User) -> None:
    client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    ours(client.get("/accounts/2fa/totp/activate/", follow=True))
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    page = ours(client.get("/accounts/2fa/totp/activate/"))
    secret = re.search(r"<code>(\w+)</code>", page)
    assert secret
    assert "data:image/svg" in page
    counter = next(totp.yield_hotp_counters_from_time())
    code = totp.format_hotp_value(totp.hotp_value(secret[1], counter))
    response = client.post("/accounts/2fa/totp/activate/", {"code": code}, follow=True)
    assert "Recovery codes" in ours(response)
    spare = re.findall(r"<li><code>(.*?)</code>", response.content.decode())
    assert len(spare) == 10
    ours(client.get("/accounts/2fa/recovery-codes/generate/"))
    ours(client.get("/accounts/2fa/"))
    client.post("/accounts/logout/")
    answer = client.post("/accounts/login/", {"login": user.email, "password": PASSWORD}, follow=True)
    assert "Second step" in ours(answer)
    client.post("/accounts/2fa/authenticate/", {"code": spare[0]})
    assert "_auth_user_id" in client.session
    ours(client.get("/accounts/2fa/totp/deactivate/", follow=True))
