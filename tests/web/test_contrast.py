"""Every pair of colours that text or controls use, in both themes, against the WCAG ratio it needs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

CSS = (Path(__file__).resolve().parents[2] / "static/css/evenhand.css").read_text()
TOKENS = {name: pair for name, *pair in re.findall(r"--([\w-]+): light-dark\((#\w+), (#\w+)\)", CSS)}
TONES = ["brand", "accent", "ok", "warn", "bad", "info"]
TEXT = [
    *[(ink, ground) for ink in ("ink", "ink-2", "ink-3") for ground in ("surface", "canvas", "sunken")],
    *[(tone, ground) for tone in TONES for ground in ("surface", "canvas", f"{tone}-soft")],
    *[("ink", f"{tone}-soft") for tone in TONES],
    *[("ink-2", f"{tone}-soft") for tone in TONES],
    ("on-brand", "brand"),
    ("on-brand", "brand-hover"),
    ("brand-hover", "surface"),
    ("surface", "bad"),
]
SHAPES = [
    ("line-strong", "surface"),
    ("line-strong", "canvas"),
    ("focus", "surface"),
    ("focus", "canvas"),
    ("brand", "sunken"),
]


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    red, green, blue = (
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in (int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4))
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def ratio(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(("theme", "name"), [(0, "light"), (1, "dark")])
def test_text_and_shapes_stand_out(theme: int, name: str) -> None:
    weak = [
        f"{fore} on {ground}: {found:.2f}"
        for pairs, least in ((TEXT, 4.5), (SHAPES, 3.0))
        for fore, ground in pairs
        if (found := ratio(TOKENS[fore][theme], TOKENS[ground][theme])) < least
    ]
    assert not weak, f"{name}: {weak}"


def test_the_measure_itself() -> None:
    assert ratio("#000000", "#ffffff") == pytest.approx(21)
    assert ratio("#777777", "#fff") == pytest.approx(4.48, abs=0.01)


def test_no_colour_outside_the_tokens() -> None:
    """Components name tokens; the few plain colours are paper (print, QR) and the live call's own pair."""
    body = CSS[CSS.index("@layer base") :]
    assert set(re.findall(r"#[0-9a-f]{3,6}\b", body)) <= {"#fff", "#000", "#0f5b6b", "#12343b", "#e8eeee"}
