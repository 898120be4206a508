"""The provider's webhook signature: HMAC-SHA1 over the address and the sorted parameters."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping


def sign(token: str, url: str, params: Mapping[str, str]) -> str:
    """The value of ``X-Twilio-Signature`` for a form post of ``params`` to ``url`` (without a fragment)."""
    text = url + "".join(name + params[name] for name in sorted(params))
    return base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()
