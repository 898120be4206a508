from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from web.hooks.stripe import stripe_webhook
from web.hooks.voice import voice_webhook

app_name = "hooks"
urlpatterns: list[URLPattern | URLResolver] = [
    path("stripe/", stripe_webhook, name="stripe"),
    path("voice/<str:token>/<slug:step>/", voice_webhook, name="voice"),
]
