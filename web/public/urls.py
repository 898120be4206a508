from __future__ import annotations

from django.conf import settings
from django.urls import path

from web.public import demo, landing, views

app_name = "public"
urlpatterns = [
    path("", views.home, name="home"),
    path("start/", landing.after_login, name="after_login"),
    path("real/", views.is_this_real, name="real"),
    path("accounts/signup/<slug:door>/", views.DoorSignupView.as_view(), name="signup"),
]
if settings.EVENHAND_DEMO:
    urlpatterns += [
        path("mailbox/", demo.mailbox, name="mailbox"),
        path("mailbox/letters/", demo.letters, name="letters"),
        path("mailbox/<int:mail_id>/", demo.mail, name="mail"),
        path("market-clock/", demo.market_clock, name="market_clock"),
    ]
