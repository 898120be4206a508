"""What people may write about a case: no numbers or addresses (contact stays on the platform), and none of the words
that conduct rules end a call for. The word lists are data (compliance/words)."""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache
from pathlib import Path

from django.utils.translation import gettext as _

from compliance.errors import TextRefused
from marketplace.checked import CheckedText

_WORDS = Path(__file__).resolve().parent / "words"
MAX_LENGTH = 4000
# Seven digits or more, however they are spaced; amounts and dates stay shorter or carry other marks.
_NUMBER = re.compile(r"(?<![\d.,])\+?\d(?:[\s().\-]{0,3}\d){6,}(?![\d])")
_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}\b|\b\d{1,2}[/.]\d{1,2}[/.]\d{2,4}\b")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+")


@lru_cache(maxsize=8)
def _phrases(lang: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    path = _WORDS / f"{lang}.toml"
    if not path.exists():
        return ()
    table = tomllib.loads(path.read_text("utf-8"))
    return tuple(
        (re.compile(r"\b(?:" + "|".join(re.escape(phrase) for phrase in code["phrases"]) + r")\b", re.I), code["say"])
        for code in table["code"]
    )


def check(text: str, lang: str = "en") -> CheckedText:
    """Pass a text through the language policy. Raises TextRefused saying what to leave out.

    All word lists are used whatever the language, since people mix languages in one note.
    """
    text = text.strip()
    if len(text) > MAX_LENGTH:
        raise TextRefused(reason=_("The text is too long. Keep it under 4,000 characters."))
    plain = _DATE.sub(" ", text)
    if _NUMBER.search(plain):
        raise TextRefused(reason=_("Leave out telephone and account numbers: calls go through Evenhand only."))
    if _EMAIL.search(plain):
        raise TextRefused(reason=_("Leave out e-mail addresses: messages go through Evenhand only."))
    for path in sorted(_WORDS.glob("*.toml")):
        for pattern, say in _phrases(path.stem):
            if pattern.search(plain):
                raise TextRefused(reason=_(say))
    return CheckedText._from_policy(text, lang)
