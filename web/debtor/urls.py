from __future__ import annotations

from django.urls import path

from web.debtor import views
from web.debtor.csrf import private_form

app_name = "debtor"
urlpatterns = [
    path("home/", views.home, name="home"),
    path("check/", private_form(views.check), name="check"),
    path("notice/", views.notice, name="notice"),
    path("notice/pdf/", views.notice_pdf, name="notice_pdf"),
    path("dispute/", private_form(views.dispute), name="dispute"),
    path("stop/", private_form(views.stop), name="stop"),
    path("pay/", views.pay, name="pay"),
    path("paid/", private_form(views.paid), name="paid"),
    path("done/<slug:what>/<str:ref>/", views.done, name="done"),
    path("ended/", views.ended, name="ended"),
    path("leave/", private_form(views.leave), name="leave"),
    path("<str:token>/", private_form(views.landing), name="landing"),
]
