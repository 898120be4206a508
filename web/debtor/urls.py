from __future__ import annotations

from django.urls import URLPattern, URLResolver

app_name = "debtor"
urlpatterns: list[URLPattern | URLResolver] = []
