"""Who calls the API: a creditor's system, by the token of exactly one organisation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, cast

from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.access import can, token_for
from accounts.models import ApiToken, CreditorOrg
from core import clock
from core.errors import NotAllowed

_SCHEME = b"bearer"


@dataclass(frozen=True, slots=True)
class ApiClient:
    """What stands where a user would: the token's organisation, and the name its acts are recorded under."""

    token: ApiToken
    is_authenticated: bool = True

    @property
    def org(self) -> CreditorOrg:
        return self.token.org

    @property
    def actor(self) -> str:
        return f"api:{self.token.pk}"


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer eh_…`. No token: 401. An unknown or revoked one: 401, without saying which."""

    def authenticate(self, request: Request) -> tuple[Any, ApiToken] | None:
        words = get_authorization_header(request).split()
        if not words or words[0].lower() != _SCHEME:
            return None
        if len(words) != 2:
            raise AuthenticationFailed()
        token = token_for(words[1].decode("ascii", "replace"), clock.now())
        if token is None:
            raise AuthenticationFailed()
        return ApiClient(token), token

    def authenticate_header(self, request: Request) -> str:
        del request
        return "Bearer"


class CreditorApiView(APIView):
    """A view for one creditor's systems. `rights` names the right each method asks of the token's role."""

    authentication_classes = (TokenAuthentication,)
    permission_classes = (IsAuthenticated,)
    rights: ClassVar[dict[str, str]] = {"GET": "view"}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Known first (401), then allowed (403), then the method itself."""
        super().initial(request, *args, **kwargs)
        right = self.rights.get(request.method or "")
        if right is not None and not can(client_of(request).token, right):
            raise NotAllowed()


def client_of(request: Request) -> ApiClient:
    """The caller of an API view behind TokenAuthentication."""
    return cast(ApiClient, request.user)
