"""Response headers that Django and django-csp do not set by themselves."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from csp.middleware import CSPMiddleware
from django.http import HttpRequest, HttpResponseBase

PERMISSIONS_POLICY = "camera=(self), microphone=(self), geolocation=(self)"
_BARE = {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}


class DocumentPolicyMiddleware(CSPMiddleware):
    """The content security policy on answers with a body: in a 204 poll it would be most of the bytes."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if response.status_code in _BARE:
            return response
        return super().process_response(request, response)


class PermissionsPolicyMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.status_code not in _BARE:
            response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        return response
