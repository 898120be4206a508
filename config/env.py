"""Typed reading of environment variables: a wrong or missing value stops the start with a sentence."""

from __future__ import annotations

import base64
import binascii
import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured


def text(name: str, default: str | None = None) -> str:
    """The variable as text; without a default it must be set and not empty."""
    value = os.environ.get(name, "").strip()
    if value:
        return value
    if default is None:
        raise ImproperlyConfigured(
            f"{name} is not set. Export it, or set EVENHAND_DEMO=1 for a demonstration on this machine."
        )
    return default


def flag(name: str, *, default: bool) -> bool:
    """The variable as yes or no: 1, true, yes, on / 0, false, no, off."""
    value = text(name, "1" if default else "0").lower()
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name} must be 1 or 0, not {value!r}.")


def number(name: str, default: int) -> int:
    """The variable as a whole number."""
    value = text(name, str(default))
    try:
        return int(value)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}.") from error


def choice(name: str, options: Sequence[str]) -> str:
    """The variable as one of the options; the first is the default."""
    value = text(name, options[0])
    if value not in options:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(options)}, not {value!r}.")
    return value


def words(name: str) -> list[str]:
    """The variable as a list, split at commas."""
    return [word.strip() for word in text(name, "").split(",") if word.strip()]


def key(name: str, folder: Path | None, *, size: int = 32) -> bytes:
    """A key of `size` bytes, written in URL-safe base64.

    In a demonstration `folder` is given: the key is made once and kept there, readable by its owner alone.
    """
    written = text(name, "" if folder else None)
    if not written and folder:
        written = _kept_key(folder / name.lower(), size)
    try:
        found = base64.b64decode(written, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise ImproperlyConfigured(f"{name} must be {size} bytes in URL-safe base64.") from error
    if len(found) != size:
        raise ImproperlyConfigured(f"{name} must be {size} bytes in URL-safe base64; it holds {len(found)}.")
    return found


def _kept_key(path: Path, size: int) -> str:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(base64.urlsafe_b64encode(secrets.token_bytes(size)).decode())
    try:
        os.link(draft, path)  # fails if another process was first, so every process reads one key
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_text()


def database(url: str) -> dict[str, Any]:
    """Django's settings for a PostgreSQL address such as postgresql://user:password@host:5432/name?sslmode=require."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"} or len(parts.path) < 2:
        raise ImproperlyConfigured("DATABASE_URL must look like postgresql://user:password@host:5432/name.")
    options = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path[1:]),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "OPTIONS": options,
    }
