"""Sealing of personal data at rest (AES-GCM, one key per creditor) and keyed hashes for look-up."""

from __future__ import annotations

import hashlib
import hmac
import os
from functools import lru_cache

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

_NONCE = 12


@lru_cache(maxsize=4096)
def _cipher(master: bytes, key_id: str) -> AESGCM:
    derived = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=f"evenhand:{key_id}".encode())
    return AESGCM(derived.derive(master))


def seal(text: str, *, key_id: str) -> bytes:
    """Encrypt text under the key named `key_id`; the id is stored in front and authenticated."""
    head = key_id.encode()
    nonce = os.urandom(_NONCE)
    body = _cipher(settings.FIELD_KEY, key_id).encrypt(nonce, text.encode(), head)
    return bytes([len(head)]) + head + nonce + body


def unseal(blob: bytes | memoryview) -> str:
    """Decrypt what `seal` made. Raises cryptography's InvalidTag when a byte was changed."""
    raw = bytes(blob)
    size = raw[0]
    head, nonce, body = raw[1 : 1 + size], raw[1 + size : 1 + size + _NONCE], raw[1 + size + _NONCE :]
    return _cipher(settings.FIELD_KEY, head.decode()).decrypt(nonce, body, head).decode()


def keyed_hash(text: str, *, purpose: str) -> bytes:
    """HMAC-SHA256 of text under the pepper, separated by purpose ("phone", "email", "token", ...)."""
    return hmac.new(settings.HASH_PEPPER, f"{purpose}\0{text}".encode(), hashlib.sha256).digest()
