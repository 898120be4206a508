"""Forgery protection for pages that send no referrer.

Under `Referrer-Policy: no-referrer` a browser sends `Origin: null` with our own forms, which Django
takes for a stranger. Here null is let through to the token check, unless the browser says that the form stood on
another site.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.decorators import decorator_from_middleware
from django.views.decorators.csrf import csrf_exempt

View = Callable[..., HttpResponseBase]


class _NoReferrerCsrf(CsrfViewMiddleware):
    def _origin_verified(self, request: HttpRequest) -> bool:
        if request.headers.get("Origin") == "null":
            return request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"
        return bool(super()._origin_verified(request))  # type: ignore[misc]


_check: Any = decorator_from_middleware(_NoReferrerCsrf)


def private_form(view: View) -> View:
    """Check a debtor page's forms by their token: Django's own check, made to live with a null origin."""
    checked: View = csrf_exempt(_check(view))
    return checked
