"""The API's own description, for those who hold a token."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.views import SpectacularAPIView

from web.api.auth import CreditorApiView


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the description names our tokens."""

    target_class = "web.api.auth.TokenAuthentication"
    name = "creditor_token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        del auto_schema
        return {"type": "http", "scheme": "bearer", "bearerFormat": "eh_…"}


class SchemaView(CreditorApiView, SpectacularAPIView):
    """OpenAPI of every endpoint."""
