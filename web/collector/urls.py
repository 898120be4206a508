from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from web.collector import calls

app_name = "collector"
urlpatterns: list[URLPattern | URLResolver] = [
    path("apply/", include("web.collector.apply.urls")),
    path("case/<str:ref>/call/", calls.start, name="call"),
    path("case/<str:ref>/call/<str:call_ref>/", calls.call_page, name="call_page"),
    path("case/<str:ref>/call/<str:call_ref>/state/", calls.call_state, name="call_state"),
    path("case/<str:ref>/call/<str:call_ref>/end/", calls.hang_up, name="hang_up"),
    path("case/<str:ref>/wrap/<str:call_ref>/", calls.wrap, name="wrap"),
]
