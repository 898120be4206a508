from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from web.api.cases import CaseView
from web.api.payments import PaymentsView, ReversalsView
from web.api.placements import PlacementsView
from web.api.schema import SchemaView

app_name = "api"
urlpatterns: list[URLPattern | URLResolver] = [
    path("placements", PlacementsView.as_view(), name="placements"),
    path("payments", PaymentsView.as_view(), name="payments"),
    path("payments/<str:ref>/reversals", ReversalsView.as_view(), name="reversals"),
    path("cases/<str:ref>", CaseView.as_view(), name="case"),
    path("schema/", SchemaView.as_view(), name="schema"),
]
