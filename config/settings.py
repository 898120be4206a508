"""Settings of every deployment; what differs between them is read from the environment (config/env.py)."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import django_stubs_ext
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from config import env, postgres
from config.logs import logging_settings
from config.schedule import BEAT_SCHEDULE

django_stubs_ext.monkeypatch()  # ModelAdmin[Case] and its like fail at import without it

BASE_DIR = Path(__file__).resolve().parent.parent
VAR = Path(env.text("EVENHAND_VAR", str(BASE_DIR / "var"))).resolve()

EVENHAND_DEMO = env.flag("EVENHAND_DEMO", default=False)
DEBUG = False
PUBLIC_BASE_URL = env.text("PUBLIC_BASE_URL", "http://127.0.0.1:8000" if EVENHAND_DEMO else None).rstrip("/")
_public = urlsplit(PUBLIC_BASE_URL)
if not EVENHAND_DEMO and _public.scheme != "https":
    raise ImproperlyConfigured("PUBLIC_BASE_URL must start with https:// when EVENHAND_DEMO is 0.")

# Keys
_kept = VAR / "keys" if EVENHAND_DEMO else None
SECRET_KEY = env.text("SECRET_KEY", "" if EVENHAND_DEMO else None)
if not SECRET_KEY:
    SECRET_KEY = base64.urlsafe_b64encode(env.key("DEMO_SECRET_KEY", _kept, size=48)).decode()
FIELD_KEY = env.key("FIELD_KEY", _kept)
HASH_PEPPER = env.key("HASH_PEPPER", _kept)

# Providers
VOICE_BACKEND = env.choice("VOICE_BACKEND", ["sim", "twilio"])
VOICE_API_BASE = env.text("VOICE_API_BASE", "http://127.0.0.1:8090")
VOICE_ACCOUNT_SID = env.text("VOICE_ACCOUNT_SID", "AC" + "0" * 32 if VOICE_BACKEND == "sim" else None)
VOICE_AUTH_TOKEN = env.text("VOICE_AUTH_TOKEN", "simulated-token" if VOICE_BACKEND == "sim" else None)
PAYMENTS_BACKEND = env.choice("PAYMENTS_BACKEND", ["fake", "manual", "stripe"])
STRIPE_SECRET_KEY = env.text("STRIPE_SECRET_KEY", "sk_test_simulated" if PAYMENTS_BACKEND != "stripe" else None)
STRIPE_WEBHOOK_SECRET = env.text("STRIPE_WEBHOOK_SECRET", "whsec_simulated" if PAYMENTS_BACKEND != "stripe" else None)
STRIPE_APPROVAL_REFERENCE = env.text("STRIPE_APPROVAL_REFERENCE", "")
if EVENHAND_DEMO and (STRIPE_SECRET_KEY.startswith(("sk_live_", "rk_live_")) or VOICE_BACKEND == "twilio"):
    raise ImproperlyConfigured("The demonstration's clock is not real: set EVENHAND_DEMO=0 to use real calls or money.")

INSTALLED_APPS = [
    "config.apps.EvenhandAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "rest_framework",
    "drf_spectacular",
    "django_filters",
    "django_htmx",
    "template_partials",
    "csp",
    "heroicons",
    "config.apps.WiringConfig",
    "core",
    "accounts",
    "marketplace",
    "compliance",
    "calling",
    "payments",
    "insight",
    "web",
]
if EVENHAND_DEMO:
    INSTALLED_APPS += ["simulator"]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "config.middleware.DocumentPolicyMiddleware",
    "config.middleware.PermissionsPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "web.errors.DomainErrorMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "web.context.frame",
            ],
        },
    }
]
FORM_RENDERER = "web.forms.Renderer"

# Database: the embedded server unless an address is given
DATABASE_URL = env.text("DATABASE_URL", "")
EMBEDDED_POSTGRES = None if DATABASE_URL else postgres.Server(home=VAR)
DATABASES: dict[str, dict[str, Any]] = {
    "default": EMBEDDED_POSTGRES.django_settings() if EMBEDDED_POSTGRES else env.database(DATABASE_URL)
}
_pool_size = env.number("DATABASE_POOL_SIZE", 0)
if _pool_size:
    DATABASES["default"]["OPTIONS"]["pool"] = {"min_size": 1, "max_size": _pool_size, "timeout": 10}
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 60
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# People
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "public:after_login"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_DEFAULT_HTTP_PROTOCOL = _public.scheme
ACCOUNT_FORMS = {
    "login": "web.public.forms.LoginForm",
    "signup": "web.public.forms.SignupForm",
    "add_email": "web.public.forms.AddEmailForm",
    "change_password": "web.public.forms.ChangePasswordForm",
    "reset_password": "web.public.forms.ResetPasswordForm",
    "reset_password_from_key": "web.public.forms.ResetPasswordKeyForm",
    "reauthenticate": "web.public.forms.ReauthenticateForm",
}
MFA_FORMS = {
    "authenticate": "web.public.forms.CodeForm",
    "reauthenticate": "web.public.forms.CodeAgainForm",
    "activate_totp": "web.public.forms.ActivateForm",
}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Evenhand"

# Language, time, files
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "/static/"
STATIC_ROOT = VAR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = VAR / "media"
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_PERMISSIONS = 0o600

# Mail
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", f"Evenhand <no-reply@{_public.hostname}>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
if EVENHAND_DEMO:
    EMAIL_BACKEND = "web.public.mailbox.MailboxBackend"
else:
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST = env.text("EMAIL_HOST", "localhost")
    EMAIL_PORT = env.number("EMAIL_PORT", 587)
    EMAIL_HOST_USER = env.text("EMAIL_HOST_USER", "")
    EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD", "")
    EMAIL_USE_TLS = env.flag("EMAIL_USE_TLS", default=True)
    EMAIL_TIMEOUT = 10

# What the browser is told
ALLOWED_HOSTS = [_public.hostname or "", *env.words("ALLOWED_HOSTS")]
if EVENHAND_DEMO:
    ALLOWED_HOSTS += ["127.0.0.1", "localhost", "[::1]"]
CSRF_TRUSTED_ORIGINS = [f"{_public.scheme}://{_public.netloc}"]
CSRF_FAILURE_VIEW = "web.unsent.csrf_failure"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if _public.scheme == "https":
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
if env.flag("BEHIND_TLS_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "media-src": [SELF, "blob:"],
        "connect-src": [SELF],
        "font-src": [SELF],
        "manifest-src": [SELF],
        "worker-src": [SELF],
        # Browsers hold the target of a redirect after a POST to form-action, so Stripe's pages are named.
        "form-action": [SELF, "https://checkout.stripe.com", "https://connect.stripe.com"],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
    }
}

REST_FRAMEWORK = {
    # Each API view names how its caller is known; one that names nothing refuses everybody.
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser", "rest_framework.parsers.MultiPartParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "UNAUTHENTICATED_USER": None,
    "EXCEPTION_HANDLER": "web.errors.api_exception_handler",
}
SPECTACULAR_SETTINGS = {"TITLE": "Evenhand", "VERSION": "1", "SERVE_INCLUDE_SCHEMA": False}

# Tasks. The outbox in the database is the truth, so neither broker has to be durable.
REDIS_URL = env.text("REDIS_URL", "")
CELERY_TIMEZONE = "UTC"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BEAT_SCHEDULE = BEAT_SCHEDULE
CELERY_BEAT_MAX_LOOP_INTERVAL = 1
CELERY_BROKER_URL = REDIS_URL or "folder://localhost"
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any]
if REDIS_URL:
    # A task that runs past the visibility timeout runs twice; lost ones come back within ten seconds or so.
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "visibility_timeout": 3600,
        "unacked_restore_interval": 10,
        "unacked_restore_throttle": 1,
    }
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}
else:
    CELERY_BROKER_TRANSPORT = "config.broker:Transport"
    CELERY_BROKER_TRANSPORT_OPTIONS = {"folder": str(VAR / "broker"), "polling_interval": 0.05}
    # In a folder, because rate limits must hold across the server's processes.
    CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": str(VAR / "cache")}
    }

LOGGING = logging_settings(level=env.text("LOG_LEVEL", "INFO"))
