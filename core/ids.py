"""References people can read aloud, and tokens nobody can guess."""

from __future__ import annotations

import secrets

# Crockford's alphabet: no I, L, O, U, so a reference survives a phone call.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_ref(prefix: str, length: int = 8) -> str:
    """A random reference such as K-7Q3F9M2X; 40 bits at the default length, uniqueness is the column's to enforce."""
    # 32 letters: five bits of a byte choose each of them equally often
    return f"{prefix}-{''.join([_ALPHABET[byte & 31] for byte in secrets.token_bytes(length)])}"


def new_token() -> str:
    """A 256-bit URL-safe token for private links and callback paths."""
    return secrets.token_urlsafe(32)
