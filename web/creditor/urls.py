from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from web.creditor import billing, cases, dashboard, disputes, help, home, imports, payments

app_name = "creditor"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", home.programmes, name="programmes"),
    path("programme/<slug:slug>/", dashboard.programme, name="programme"),
    path("programme/<slug:slug>/live/", dashboard.live, name="live"),
    path("cases/", cases.cases, name="cases"),
    path("cases/<str:ref>/", cases.case, name="case"),
    path("cases/<str:ref>/payment/", payments.payment_report, name="payment_report"),
    path("cases/<str:ref>/recall/", cases.recall, name="recall"),
    path("cases/<str:ref>/keep/", cases.keep, name="keep"),
    path("payments/<str:ref>/reverse/", payments.payment_reverse, name="payment_reverse"),
    path("answers/", disputes.answers, name="answers"),
    path("disputes/<str:ref>/", disputes.dispute_answer, name="dispute_answer"),
    path("statements/<str:ref>/confirm/", disputes.statement_confirm, name="statement_confirm"),
    path("statements/<str:ref>/reject/", disputes.statement_reject, name="statement_reject"),
    path("billing/", billing.billing, name="billing"),
    path("billing/topup/", billing.topup, name="topup"),
    path("import/", imports.upload, name="import"),
    path("import/<str:ref>/", imports.batch_page, name="import_batch"),
    path("import/<str:ref>/run/", imports.run, name="import_run"),
    path("import/<str:ref>/publish/", imports.publish, name="import_publish"),
    path("import/<str:ref>/rows/", imports.rows_to_fix, name="import_rows"),
    path("help/", help.help_page, name="help"),
    path("", include("web.creditor.start.urls")),
]
