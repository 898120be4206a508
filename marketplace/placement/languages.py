"""Language codes of a file, as the pages use them: `en`, `es`, `zh-hans`."""

from __future__ import annotations

import re
from functools import lru_cache

MOST_CHARACTERS = 10

_NAMES = {
    "english": "en", "spanish": "es", "español": "es", "chinese": "zh-hans", "mandarin": "zh-hans", "french": "fr",
    "中文": "zh-hans", "简体中文": "zh-hans", "英文": "en", "英语": "en", "zh": "zh-hans", "zh-cn": "zh-hans",
    "zh-sg": "zh-hans", "zh-tw": "zh-hant", "zh-hk": "zh-hant",
}  # fmt: skip
_TAG = re.compile(r"[a-z]{2,3}(?:-[a-z]{4})?(?:-[a-z]{2}|-\d{3})?")


@lru_cache(maxsize=1024)
def language_code(text: str) -> str | None:
    """The code of a language given by tag or common name, in lower case; None when it is neither."""
    value = text.strip().lower().replace("_", "-")
    if value in _NAMES:
        return _NAMES[value]
    return value if len(value) <= MOST_CHARACTERS and _TAG.fullmatch(value) else None
