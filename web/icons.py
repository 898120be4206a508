"""The one set of icons: our names for Heroicons' outline drawings, inlined so that a page needs no second request."""

from __future__ import annotations

import functools
import re
from xml.etree import ElementTree

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from heroicons.templatetags.heroicons import heroicon_outline

# Pages speak of things ("dispute", "visit"); which drawing stands for one is decided here and nowhere else.
DRAWINGS = {
    "account": "user-circle",
    "alert": "exclamation-triangle",
    "back": "chevron-left",
    "bell": "bell",
    "call": "phone",
    "camera": "camera",
    "card": "credit-card",
    "chart": "chart-bar",
    "chat": "chat-bubble-left",
    "check": "check",
    "clock": "clock",
    "close": "x-mark",
    "code": "key",
    "creditor": "building-office",
    "cross": "x-mark",
    "dispute": "scale",
    "document": "document-text",
    "down": "chevron-down",
    "download": "arrow-down-tray",
    "earnings": "wallet",
    "edit": "pencil",
    "evidence": "finger-print",
    "filter": "funnel",
    "find": "magnifying-glass",
    "flag": "flag",
    "forward": "chevron-right",
    "hang-up": "phone-x-mark",
    "hardship": "heart",
    "help": "question-mark-circle",
    "identity": "identification",
    "import": "arrow-up-tray",
    "info": "information-circle",
    "key": "key",
    "leave": "arrow-right-start-on-rectangle",
    "letter": "envelope",
    "list": "list-bullet",
    "lock": "lock-closed",
    "mail": "envelope",
    "map": "map",
    "mic": "microphone",
    "missed": "phone-x-mark",
    "money": "banknotes",
    "more": "adjustments-horizontal",
    "navigate": "map-pin",
    "no-answer": "phone-x-mark",
    "note": "pencil-square",
    "offline": "signal-slash",
    "paid": "check-circle",
    "pause": "pause",
    "phone": "phone",
    "photo": "photo",
    "play": "play",
    "plus": "plus",
    "programme": "briefcase",
    "promise": "calendar",
    "promises": "calendar",
    "recording": "speaker-wave",
    "refuse": "no-symbol",
    "repeat": "arrow-path",
    "rules": "shield-check",
    "safety": "lifebuoy",
    "save": "bookmark",
    "settings": "cog-6-tooth",
    "shield": "shield-check",
    "sign-out": "arrow-right-start-on-rectangle",
    "stop": "hand-raised",
    "team": "users",
    "today": "queue-list",
    "training": "academic-cap",
    "upload": "arrow-up-tray",
    "user": "user",
    "visit": "map-pin",
    "warning": "exclamation-triangle",
    "wrong-person": "user-minus",
}
_POINTING = {"back", "forward", "leave", "sign-out"}


@functools.cache
def paths(name: str) -> SafeString:
    """The `<path>` elements of an icon, without the attributes that the stylesheet already gives.

    `name` is a key of DRAWINGS or an outline name of Heroicons; raises heroicons.IconDoesNotExist for any other.
    """
    drawing = ElementTree.fromstring(heroicon_outline(DRAWINGS.get(name, name), size=None))  # noqa: S314 (our own package)
    found = [node.get("d", "") for node in drawing.iter() if node.tag.rsplit("}", 1)[-1] == "path"]
    return mark_safe("".join(f'<path d="{re.sub(r"[^-0-9a-zA-Z., ]", "", d)}"/>' for d in found))  # noqa: S308


def render(name: str, *, small: bool = False, label: str = "") -> SafeString:
    """An inline `<svg class="icon">`: hidden from assistive technology unless `label` names it."""
    classes = "icon" + (" icon-s" if small else "") + (" flip" if name in _POINTING else "")
    if label:
        return format_html(
            '<svg class="{}" viewBox="0 0 24 24" role="img" aria-label="{}">{}</svg>', classes, label, paths(name)
        )
    return format_html('<svg class="{}" viewBox="0 0 24 24" aria-hidden="true">{}</svg>', classes, paths(name))
