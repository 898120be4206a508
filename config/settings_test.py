"""Settings of the tests: fixed keys, a throwaway database, nothing leaves the process."""

from __future__ import annotations

import os
from pathlib import Path

_FIXED = {
    "EVENHAND_DEMO": "1",
    "SECRET_KEY": "only-for-tests",
    "FIELD_KEY": "dGVzdC1maWVsZC1rZXktdGVzdC1maWVsZC1rZXktMDA=",
    "HASH_PEPPER": "dGVzdC1wZXBwZXItdGVzdC1wZXBwZXItdGVzdC0wMDA=",
    "PUBLIC_BASE_URL": "http://testserver",
    "LOG_LEVEL": "WARNING",
}
for _name in ("DATABASE_POOL_SIZE", "REDIS_URL", "VOICE_BACKEND", "PAYMENTS_BACKEND", "STRIPE_SECRET_KEY"):
    os.environ.pop(_name, None)
os.environ.update(_FIXED)
os.environ["EVENHAND_VAR"] = str(Path(__file__).resolve().parent.parent / "var" / "test")

from config import postgres  # noqa: E402
from config.settings import *  # noqa: E402, F403
from config.settings import DATABASE_URL, DATABASES, STORAGES, VAR  # noqa: E402

EMBEDDED_POSTGRES = None if DATABASE_URL else postgres.Server(home=VAR, throwaway=True)
DATABASES["default"]["NAME"] = os.environ.get("EVENHAND_TEST_DATABASE", DATABASES["default"]["NAME"])
# Two runs at once, each with its workers, must not share a database; workers inherit the name of their run.
_run = os.environ.setdefault("EVENHAND_TEST_RUN", str(os.getpid()))
DATABASES["default"]["TEST"] = {"NAME": f"test_{_run}"}
DATABASES["default"]["CONN_MAX_AGE"] = 0

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
WHITENOISE_AUTOREFRESH = True
ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
CELERY_TASK_ALWAYS_EAGER = False
CELERY_BROKER_URL = "memory://"
CELERY_BROKER_TRANSPORT = "memory"
CELERY_BROKER_TRANSPORT_OPTIONS = {}
ACCOUNT_RATE_LIMITS = False
