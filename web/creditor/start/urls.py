from __future__ import annotations

from django.urls import path

from web.creditor.start import team, views

urlpatterns = [
    path("start/", views.start, name="start"),
    path("start/programme/", views.programme_new, name="programme_new"),
    path("programme/<slug:slug>/rules/", views.programme_settings, name="programme_settings"),
    path("team/", team.team, name="team"),
    path("team/add/", team.add, name="team_add"),
    path("team/<int:user_id>/", team.change, name="team_change"),
    path("team/tokens/", team.make_token, name="token_new"),
    path("team/tokens/<int:token_id>/revoke/", team.end_token, name="token_revoke"),
]
