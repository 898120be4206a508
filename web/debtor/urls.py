from __future__ import annotations

from django.urls import path

from web.debtor import views

app_name = "debtor"
urlpatterns = [
    path("home/", views.home, name="home"),
    path("check/", views.check, name="check"),
    path("notice/", views.notice, name="notice"),
    path("notice/pdf/", views.notice_pdf, name="notice_pdf"),
    path("dispute/", views.dispute, name="dispute"),
    path("stop/", views.stop, name="stop"),
    path("pay/", views.pay, name="pay"),
    path("paid/", views.paid, name="paid"),
    path("done/<slug:what>/<str:ref>/", views.done, name="done"),
    path("ended/", views.ended, name="ended"),
    path("leave/", views.leave, name="leave"),
    path("<str:token>/", views.landing, name="landing"),
]
