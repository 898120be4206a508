from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from web.collector import calls, cases, earnings, find, support, today

app_name = "collector"
urlpatterns: list[URLPattern | URLResolver] = [
    path("apply/", include("web.collector.apply.urls")),
    path("today/", today.today, name="today"),
    path("find/", find.find, name="find"),
    path("find/<str:ref>/", find.offer, name="offer"),
    path("case/<str:ref>/", cases.case, name="case"),
    path("case/<str:ref>/claim/", find.claim, name="claim"),
    path("case/<str:ref>/note/", cases.note, name="note"),
    path("case/<str:ref>/promise/", cases.promise, name="promise"),
    path("case/<str:ref>/release/", cases.release, name="release"),
    path("promises/", earnings.promises, name="promises"),
    path("earnings/", earnings.page, name="earnings"),
    path("earnings/<str:ref>/", earnings.line, name="earnings_line"),
    path("support/", support.help_page, name="help"),
    path("support/<str:ref>/", support.ticket, name="ticket"),
    path("support/<str:ref>/reply/", support.ticket_reply, name="ticket_reply"),
    path("settings/", support.settings_page, name="settings"),
    path("case/<str:ref>/call/", calls.start, name="call"),
    path("case/<str:ref>/call/<str:call_ref>/", calls.call_page, name="call_page"),
    path("case/<str:ref>/call/<str:call_ref>/state/", calls.call_state, name="call_state"),
    path("case/<str:ref>/call/<str:call_ref>/end/", calls.hang_up, name="hang_up"),
    path("case/<str:ref>/wrap/<str:call_ref>/", calls.wrap, name="wrap"),
]
