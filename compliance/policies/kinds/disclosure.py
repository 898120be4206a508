"""What has to be said in a contact. Never refuses a contact by itself; messages are checked in `disclose`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from compliance.policies.paths import reader
from compliance.policies.question import Params, Question, Tell


def build(params: Params) -> Tell:
    """`says`: codes of the statements. `since` with `before` or without: only while the instant at that path is (not)
    in the past, which is how the first communication differs from later ones.
    """
    says: Sequence[str] = tuple(params["says"])
    since = reader(params["since"]) if "since" in params else None
    before = params.get("before", False)

    def tell(question: Question, at: datetime) -> Sequence[str]:
        if since is not None:
            moment = since(question.facts)
            if (moment is None or moment > at) != before:
                return ()
        return says

    return tell
