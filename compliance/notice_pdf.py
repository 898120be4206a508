"""The validation notice as PDF, byte for byte the same for the same content, so that its hash is evidence."""

from __future__ import annotations

import io
from collections.abc import Iterable

import segno
from django.utils.translation import gettext as _
from reportlab.graphics.shapes import Drawing, Rect
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import letter
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Paragraph, SimpleDocTemplate, Table
from reportlab.platypus.flowables import Flowable, PageBreak, Spacer

from compliance.notice_content import NoticeContent
from compliance.notice_words import Line, amounts, prompts, rights

_BODY = ParagraphStyle("body", fontName="Helvetica", fontSize=10, leading=14, spaceAfter=4)
_HEAD = ParagraphStyle("head", parent=_BODY, fontName="Helvetica-Bold", fontSize=15, leading=20, spaceAfter=8)
_SMALL = ParagraphStyle("small", parent=_BODY, fontSize=8.5, leading=11.5)
_END = ParagraphStyle("end", parent=_BODY, alignment=TA_RIGHT)


def render_pdf(contents: Iterable[NoticeContent]) -> bytes:
    """One PDF of one or more notices, each beginning on its own page."""
    out = io.BytesIO()
    document = SimpleDocTemplate(
        out, pagesize=letter, invariant=1, leftMargin=22 * mm, rightMargin=22 * mm, topMargin=18 * mm,
        bottomMargin=16 * mm, title=_("Validation notice"), author="Evenhand",
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
        Paragraph(f"{content.collector_name}<br/>{content.collector_address}", _SMALL),
        Spacer(1, 8 * mm),
        Paragraph("<br/>".join((content.consumer_name, *content.consumer_address)), _BODY),
        Spacer(1, 8 * mm),
        Paragraph(_("A notice about an account with %(creditor)s") % {"creditor": content.creditor_now}, _HEAD),
        *[Paragraph(line, _BODY) for line in rights(content)[:1]],
        _money(amounts(content)),
        Spacer(1, 4 * mm),
        *[Paragraph(line, _BODY) for line in rights(content)[1:]],
        Spacer(1, 4 * mm),
        _answer_box(content),
    ]


def _money(lines: list[Line]) -> Flowable:
    table = Table(
        [[Paragraph(line.label, _BODY), Paragraph(line.amount, _END)] for line in lines], colWidths=[120 * mm, 45 * mm]
    )
    table.setStyle([("LINEABOVE", (0, -1), (-1, -1), 0.7, "black"), ("TOPPADDING", (0, 0), (-1, -1), 1)])
    return table


def _answer_box(content: NoticeContent) -> Flowable:
    left = [Paragraph(_("How do you want to respond?"), _BODY)]
    left += [Paragraph(f"[   ] {line}", _SMALL) for line in prompts()]
    left.append(Paragraph(_("Send this part to %(address)s") % {"address": content.collector_address}, _SMALL))
    right = [_qr(content.link), Paragraph(_("Your private page:"), _SMALL), Paragraph(content.link, _SMALL)]
    style = [("BOX", (0, 0), (-1, -1), 0.6, "black"), ("VALIGN", (0, 0), (-1, -1), "TOP")]
    return Table([[left, right]], colWidths=[110 * mm, 55 * mm], style=style)


def _qr(address: str) -> Drawing:
    matrix = segno.make(address, error="m").matrix
    size = 32 * mm
    cell = size / len(matrix)
    drawing = Drawing(size, size)
    for y, row in enumerate(matrix):
        for x, dark in enumerate(row):
            if dark:
                drawing.add(Rect(x * cell, size - (y + 1) * cell, cell, cell, fillColor="black", strokeWidth=0))
    return drawing
