from __future__ import annotations

from django.urls import path

from web.collector.apply import views

urlpatterns = [
    path("", views.overview, name="apply"),
    path("contact/", views.contact, name="apply_contact"),
    path("identity/", views.identity, name="apply_identity"),
    path("address/", views.address, name="apply_address"),
    path("licences/", views.licences, name="apply_licences"),
    path("documents/", views.documents, name="apply_documents"),
    path("documents/<int:document_id>/remove/", views.remove_document, name="apply_document_remove"),
    path("code/", views.code, name="apply_code"),
    path("submit/", views.submit, name="apply_submit"),
    path("renew/", views.renew, name="apply_renew"),
]
