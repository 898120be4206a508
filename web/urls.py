"""One include per audience; the audiences do not import one another."""

from __future__ import annotations

from django.urls import include, path
from django.views.i18n import set_language

urlpatterns = [
    path("", include("web.public.urls")),
    path("", include("web.collector.urls")),
    path("c/", include("web.creditor.urls")),
    path("p/", include("web.debtor.urls")),
    path("api/v1/", include("web.api.urls")),
    path("hooks/", include("web.hooks.urls")),
    path("language/", set_language, name="set_language"),
]
