"""What every answer tells the browser."""

from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from config.middleware import PERMISSIONS_POLICY, DocumentPolicyMiddleware, PermissionsPolicyMiddleware

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
    "connect-src 'self'; font-src 'self'; manifest-src 'self'; worker-src 'self'; "
    "form-action 'self' https://checkout.stripe.com https://connect.stripe.com; frame-ancestors 'none'; "
    "base-uri 'none'; object-src 'none'"
)


@pytest.mark.django_db
def test_a_page_carries_the_whole_policy(client):
    headers = client.get("/admin/login/").headers
    assert {part.strip() for part in headers["Content-Security-Policy"].split(";")} == set(POLICY.split("; "))
    assert headers["Permissions-Policy"] == "camera=(self), microphone=(self), geolocation=(self)"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


@pytest.mark.parametrize(("status", "bare"), [(200, False), (404, False), (204, True), (304, True)])
def test_an_answer_without_a_body_is_spared_the_policies(status, bare):
    answer = DocumentPolicyMiddleware(PermissionsPolicyMiddleware(lambda request: HttpResponse(status=status)))
    headers = answer(RequestFactory().get("/")).headers
    assert ("Content-Security-Policy" not in headers) is bare
    assert (headers.get("Permissions-Policy") != PERMISSIONS_POLICY) is bare
