"""Geometry of the line chart. The template draws it and writes the same numbers into a table."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

WIDTH, HEIGHT = 680, 280
LEFT, RIGHT, TOP, BOTTOM = 44, 84, 16, 34
STEPS = 5


def _ceiling(highest: Decimal) -> Decimal:
    """A round top of the scale that splits into five round steps."""
    if highest <= 0:
        return Decimal(STEPS)
    unit = Decimal(10) ** (highest.adjusted())
    for factor in (Decimal("0.5"), Decimal(1), Decimal("2.5"), Decimal(5), Decimal(10)):
        if highest <= unit * factor:
            return unit * factor
    return unit * 10


def _x(index: int, count: int) -> Decimal:
    return LEFT + Decimal(WIDTH - LEFT - RIGHT) * index / max(count - 1, 1)


def _y(value: Decimal, top: Decimal) -> Decimal:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / top


def _tenth(value: Decimal) -> str:
    return str(value.quantize(Decimal("0.1")))


def _line(number: int, entry: dict[str, Any], count: int, top: Decimal) -> dict[str, Any]:
    """One series: its SVG path (a gap where a value is missing), its last point and its name beside it."""
    values = [None if value is None else Decimal(value) for value in entry["values"]]
    path, pen_down, last = [], False, None
    for index, value in enumerate(values):
        if value is None:
            pen_down = False
            continue
        last = (_tenth(_x(index, count)), _tenth(_y(value, top)))
        path.append(f"{'L' if pen_down else 'M'}{last[0]} {last[1]}")
        pen_down = True
    return {
        "name": entry["name"],
        "values": values,
        "css": number,
        "path": "".join(path),
        "last": last,
        "label_x": _tenth(Decimal(last[0]) + 8) if last else "",
        "label_y": _tenth(Decimal(last[1]) + 4) if last else "",
    }


def lines(
    chart_id: str, *, title: str, summary: str, columns: list[str], series: list[dict[str, Any]], unit: str
) -> dict[str, Any]:
    """Everything `components/line_chart.html` needs. At most three series; values are numbers or None."""
    present = [Decimal(value) for entry in series for value in entry["values"] if value is not None]
    top = _ceiling(max(present, default=Decimal(0)))
    every = max(1, -(-len(columns) // 8))
    grid = [
        {"y": _tenth(_y(top * step / STEPS, top)), "label": f"{(top * step / STEPS).normalize():f}"}
        for step in range(STEPS + 1)
    ]
    drawn = [_line(number, entry, len(columns), top) for number, entry in enumerate(series[:3], start=1)]
    return {
        "id": chart_id,
        "title": title,
        "summary": summary,
        "unit": unit,
        "grid": grid,
        "right": WIDTH - RIGHT,
        "axis": [
            {"x": _tenth(_x(index, len(columns))), "label": label}
            for index, label in enumerate(columns)
            if index % every == 0
        ],
        "series": drawn,
        "rows": [
            {"label": label, "cells": [line["values"][index] for line in drawn]} for index, label in enumerate(columns)
        ],
    }
