"""Settings stop the start where a value is missing or wrong."""

from __future__ import annotations

import os
import stat
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import env, supervisor

KEY = "Y2hlY2stZmllbGQta2V5LWNoZWNrLWZpZWxkLWtleTA="
REAL = {
    "EVENHAND_DEMO": "0",
    "PUBLIC_BASE_URL": "https://evenhand.example",
    "DATABASE_URL": "postgresql://evenhand@localhost/evenhand",
    "SECRET_KEY": "xK3-pQ9_vT7-hB2_mR8-jW4_nZ6-cF1_sL5-dY0_gA3-eU7_oI9-tE2",
    "FIELD_KEY": KEY,
    "HASH_PEPPER": KEY,
}


def load(**changed: str | None) -> subprocess.CompletedProcess[str]:
    values = {name: value for name, value in (REAL | changed).items() if value is not None}
    return subprocess.run(
        [sys.executable, "-c", "import config.settings as s; print(s.SECURE_HSTS_SECONDS)"],
        cwd=supervisor.BASE_DIR, env={"PATH": os.environ["PATH"], **values}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_a_complete_deployment_loads():
    assert load().stdout == "31536000\n"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"SECRET_KEY": None}, "SECRET_KEY is not set"),
        ({"FIELD_KEY": None}, "FIELD_KEY is not set"),
        ({"HASH_PEPPER": "c2hvcnQ="}, "HASH_PEPPER must be 32 bytes"),
        ({"PUBLIC_BASE_URL": "http://evenhand.example"}, "must start with https://"),
        ({"PAYMENTS_BACKEND": "cash"}, "PAYMENTS_BACKEND must be one of fake, manual, stripe"),
        ({"PAYMENTS_BACKEND": "stripe"}, "STRIPE_SECRET_KEY is not set"),
        ({"VOICE_BACKEND": "twilio"}, "VOICE_ACCOUNT_SID is not set"),
        ({"EVENHAND_DEMO": "1", "STRIPE_SECRET_KEY": "sk_live_x"}, "EVENHAND_DEMO=0"),
        ({"DATABASE_URL": "mysql://a/b"}, "DATABASE_URL must look like postgresql://"),
    ],
)
def test_what_is_missing_or_wrong_is_named(changed, said):
    result = load(**changed)
    assert result.returncode != 0
    assert said in result.stderr.splitlines()[-1]


SECURE = """
import django
django.setup()
from django.http import HttpResponse
from django.middleware.security import SecurityMiddleware
from django.test import RequestFactory
request = RequestFactory().get("/", HTTP_HOST="evenhand.example", HTTP_X_FORWARDED_PROTO="https")
print(SecurityMiddleware(lambda _request: HttpResponse())(request).status_code)
"""


@pytest.mark.parametrize(("trusted", "status"), [("1", 200), ("0", 301)])
def test_a_proxy_that_ends_tls_is_believed_only_when_the_operator_says_so(trusted, status):
    values = REAL | {"BEHIND_TLS_PROXY": trusted, "DJANGO_SETTINGS_MODULE": "config.settings"}
    answered = subprocess.run(
        [sys.executable, "-c", SECURE],
        cwd=supervisor.BASE_DIR, env={"PATH": os.environ["PATH"], **values}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert answered.stdout == f"{status}\n", answered.stderr
    assert "`BEHIND_TLS_PROXY=1`" in (supervisor.BASE_DIR / "README.md").read_text()


def test_a_demonstration_makes_its_keys_once_for_its_owner_alone(tmp_path, monkeypatch):
    monkeypatch.delenv("FIELD_KEY", raising=False)
    first = env.key("FIELD_KEY", tmp_path / "keys")
    assert env.key("FIELD_KEY", tmp_path / "keys") == first
    assert len(first) == 32
    assert stat.S_IMODE((tmp_path / "keys" / "field_key").stat().st_mode) == 0o600
    with pytest.raises(ImproperlyConfigured):
        env.key("FIELD_KEY", None)


def test_an_address_of_a_database_is_taken_apart():
    assert env.database("postgresql://me:p%40ss@db.example:5433/even?sslmode=require") == {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "even",
        "USER": "me",
        "PASSWORD": "p@ss",
        "HOST": "db.example",
        "PORT": "5433",
        "OPTIONS": {"sslmode": "require"},
    }
