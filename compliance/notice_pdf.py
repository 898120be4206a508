"""The validation notice as PDF, byte for byte the same for the same content, so that its hash is evidence."""

from __future__ import annotations

import io
from collections.abc import Iterable
from functools import cache
from typing import Any
from xml.sax.saxutils import escape

import segno
from django.utils import translation
from django.utils.translation import gettext as _
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import letter
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.platypus import Paragraph, SimpleDocTemplate, Table
from reportlab.platypus.flowables import Flowable, KeepTogether, PageBreak, Spacer

from compliance.notice_content import NOTICE_LANGUAGE, NoticeContent
from compliance.notice_words import Line, amounts, creditor_prompt, creditor_then, dispute_prompts, purpose, rights

_BODY = ParagraphStyle("body", fontName="Helvetica", fontSize=10, leading=13.5, spaceAfter=3)
_HEAD = ParagraphStyle("head", parent=_BODY, fontName="Helvetica-Bold", fontSize=15, leading=19, spaceAfter=6)
_STRONG = ParagraphStyle("strong", parent=_BODY, fontName="Helvetica-Bold")
_SMALL = ParagraphStyle("small", parent=_BODY, fontSize=8.5, leading=11.5)
_END = ParagraphStyle("end", parent=_BODY, alignment=TA_RIGHT)
# A standard font of PDF readers for names that Helvetica has no letters for.
_WIDE_FONT = "STSong-Light"


@cache
def _wide_font() -> str:
    registerFont(UnicodeCIDFont(_WIDE_FONT))
    return _WIDE_FONT


def _text(words: str, style: Any = _BODY) -> Paragraph:
    """Words as they are: no mark-up is read in them, and the font has their letters."""
    try:
        words.encode("cp1252")
        face = style.fontName
    except UnicodeEncodeError:
        face = _wide_font()
    return Paragraph(f'<font name="{face}">{escape(words)}</font>', style)


def render_pdf(contents: Iterable[NoticeContent]) -> bytes:
    """One PDF of one or more notices, each beginning on its own page."""
    out = io.BytesIO()
    with translation.override(NOTICE_LANGUAGE):
        document = SimpleDocTemplate(
            out, pagesize=letter, invariant=1, leftMargin=22 * mm, rightMargin=22 * mm, topMargin=16 * mm,
            bottomMargin=14 * mm, title=_("Validation notice"), author="Evenhand",
        )  # fmt: skip
        story: list[Flowable] = []
        for content in contents:
            if story:
                story.append(PageBreak())
            story.extend(_notice(content))
        document.build(story)
    return out.getvalue()


def _notice(content: NoticeContent) -> list[Flowable]:
    return [
        _text(content.collector_name, _SMALL),
        _text(content.collector_address, _SMALL),
        Spacer(1, 8 * mm),
        *_lines((content.consumer_name, *content.consumer_address), _BODY),
        Spacer(1, 7 * mm),
        _text(_("A notice about an account with %(creditor)s") % {"creditor": content.creditor_now}, _HEAD),
        _text(purpose(content)),
        _text(creditor_then(content)),
        _money(amounts(content)),
        Spacer(1, 3 * mm),
        *_lines(rights(content), _BODY),
        Spacer(1, 3 * mm),
        KeepTogether(_answer_box(content)),
    ]


def _lines(words: Iterable[str], style: ParagraphStyle) -> list[Flowable]:
    return [_text(line, style) for line in words]


def _money(lines: list[Line]) -> Flowable:
    rows = [[_text(line.label), _text(line.amount, _END)] for line in lines]
    table = Table(rows, colWidths=[120 * mm, 45 * mm])
    table.setStyle([("LINEABOVE", (0, -1), (-1, -1), 0.7, "black"), ("TOPPADDING", (0, 0), (-1, -1), 1)])
    return table


def _answer_box(content: NoticeContent) -> list[Flowable]:
    """The part to send back, apart from the rest: prompts, both addresses, and the private page as address and code."""
    left: list[Flowable] = [
        _text(_("How do you want to respond?"), _STRONG),
        _text(_("Check all that apply:"), _SMALL),
        _text(_("I want to dispute the debt because I think:"), _SMALL),
        *_lines([f"      [   ]  {line}" for line in dispute_prompts()], _SMALL),
        _text(f"[   ]  {creditor_prompt()}", _SMALL),
        Spacer(1, 2 * mm),
        _text(_("From: %(who)s") % {"who": ", ".join((content.consumer_name, *content.consumer_address))}, _SMALL),
        _text(_("To: %(who)s") % {"who": content.collector_address}, _SMALL),
    ]
    right = [_Code(content.link, 30 * mm), _text(_("Your private page:"), _SMALL), _text(content.link, _SMALL)]
    style = [("BOX", (0, 0), (-1, -1), 0.6, "black"), ("VALIGN", (0, 0), (-1, -1), "TOP")]
    return [Table([[left, right]], colWidths=[112 * mm, 56 * mm], style=style)]


class _Code(Flowable):
    """A QR code as one path of horizontal runs: a tenth of the time and size of a square for each dark module."""

    def __init__(self, address: str, size: float) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.matrix = segno.make(address, error="m").matrix
        self.size: float = size

    def wrap(self, _width: float, _height: float) -> tuple[float, float]:
        return self.size, self.size

    def draw(self) -> None:
        cell = self.size / len(self.matrix)
        path = self.canv.beginPath()
        for y, row in enumerate(self.matrix):
            start = 0
            for x in range(1, len(row) + 1):
                if x == len(row) or row[x] != row[start]:
                    if row[start]:
                        path.rect(start * cell, self.size - (y + 1) * cell, (x - start) * cell, cell)
                    start = x
        self.canv.drawPath(path, stroke=0, fill=1)
