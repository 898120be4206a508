"""Words a creditor may write in the flags column, and what each is called here."""

from __future__ import annotations

import re
from functools import lru_cache

DISPUTED, BANKRUPT, DECEASED, REPRESENTED, HARDSHIP = "disputed", "bankrupt", "deceased", "represented", "hardship"
CEASE, MINOR, IDENTITY_THEFT, VULNERABLE = "cease", "minor", "identity_theft", "vulnerable"

_WORDS = {
    "disputed": DISPUTED, "dispute": DISPUTED, "争议": DISPUTED,
    "bankrupt": BANKRUPT, "bankruptcy": BANKRUPT, "破产": BANKRUPT,
    "deceased": DECEASED, "dead": DECEASED, "死亡": DECEASED, "身故": DECEASED,
    "represented": REPRESENTED, "attorney": REPRESENTED, "lawyer": REPRESENTED,
    "hardship": HARDSHIP, "困难": HARDSHIP,
    "cease": CEASE, "cease_contact": CEASE, "do_not_contact": CEASE,
    "minor": MINOR, "id_theft": IDENTITY_THEFT, "identity_theft": IDENTITY_THEFT, "fraud": IDENTITY_THEFT,
    "vulnerable": VULNERABLE,
}  # fmt: skip
_NOTHING = frozenset({"", "none", "no", "-", "n/a"})
_BETWEEN = re.compile(r"[|,;/+、，；\s]+")


@lru_cache(maxsize=4096)
def parse_flags(text: str) -> tuple[tuple[str, ...], str]:
    """Flags in the order written without repeats, and the first word that is none (empty when all are known)."""
    value = text.strip().lower()
    if value in _NOTHING:
        return (), ""
    found: dict[str, None] = {}
    for word in filter(None, _BETWEEN.split(value)):
        flag = _WORDS.get(word.replace("-", "_"))
        if flag is None:
            return (), word
        found[flag] = None
    return tuple(found), ""
