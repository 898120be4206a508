"""Refuses when it is not known what time it is where the person lives."""

from __future__ import annotations

from datetime import datetime

from compliance.policies.question import Breach, Check, Params, Question


def build(_params: Params) -> Check:
    """No parameters. An unrecognised zone name is as bad as none."""

    def check(question: Question, _at: datetime) -> Breach | None:
        return None if question.zones_known else Breach()

    return check
