from __future__ import annotations

from django.urls import path

from web.debtor import views
from web.debtor.csrf import private_form
from web.debtor.pages import private

app_name = "debtor"
urlpatterns = [
    path("home/", private(views.home), name="home"),
    path("check/", private(private_form(views.check)), name="check"),
    path("notice/", private(views.notice), name="notice"),
    path("notice/pdf/", private(views.notice_pdf), name="notice_pdf"),
    path("dispute/", private(private_form(views.dispute)), name="dispute"),
    path("stop/", private(private_form(views.stop)), name="stop"),
    path("pay/", private(views.pay), name="pay"),
    path("paid/", private(private_form(views.paid)), name="paid"),
    path("done/<slug:what>/<str:ref>/", private(views.done), name="done"),
    path("ended/", private(views.ended), name="ended"),
    path("leave/", private(private_form(views.leave)), name="leave"),
    path("<str:token>/", private(private_form(views.landing)), name="landing"),
]
