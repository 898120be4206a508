"""Text that has passed the language policy. Only compliance.language may make one; a note takes nothing else."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, init=False)
class CheckedText:
    """`text` in language `lang`, free of telephone numbers, addresses and the words the policy refuses."""

    text: str
    lang: str

    def __init__(self) -> None:
        raise TypeError("only the language policy makes a CheckedText")

    @classmethod
    def _from_policy(cls, text: str, lang: str) -> CheckedText:
        """For compliance.language.check alone; a test refuses any other caller."""
        made = object.__new__(cls)
        object.__setattr__(made, "text", text)
        object.__setattr__(made, "lang", lang)
        return made

    def __str__(self) -> str:
        return self.text


# No words at all are in order in every language.
NO_TEXT = CheckedText._from_policy("", "")
