"""What a validation notice must say (12 CFR 1006.34(c)), as a value that cannot be made incomplete."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from datetime import date

from django.utils.translation import gettext_lazy as _

from core.errors import DomainError

# The law's own form is English; a translation may only go beside it (34(e)(1)).
NOTICE_LANGUAGE = "en"


class NoticeIncomplete(DomainError):
    """A field of 1006.34(c) is missing; `field` names it."""

    code = "notice_incomplete"
    sentence = _("The notice cannot be sent: %(field)s is missing. Add it to the file and place the row again.")

    def __init__(self, *, field: str) -> None:
        self.field = field
        super().__init__(field=field)


@dataclass(frozen=True, slots=True)
class NoticeContent:
    """Every itemisation field of 34(c). Minor units; parts since the itemisation date may be zero, never absent.

    `link` is the debtor's private address on our site, printed and as a QR code.
    """

    collector_name: str
    collector_address: str
    consumer_name: str
    consumer_address: tuple[str, ...]
    creditor_now: str
    creditor_then: str
    account_ending: str
    currency: str
    itemization_date: date
    amount_then_minor: int
    interest_minor: int
    fees_minor: int
    payments_minor: int
    credits_minor: int
    amount_now_minor: int
    period_ends_on: date
    link: str
    language: str

    def __post_init__(self) -> None:
        for one in fields(self):
            value = getattr(self, one.name)
            if value is None or value == "" or (isinstance(value, tuple) and not (value and all(value))):
                raise NoticeIncomplete(field=one.name)
            if isinstance(value, str) and not value.strip():
                raise NoticeIncomplete(field=one.name)

    def to_json(self) -> str:
        """The canonical text that is sealed and hashed."""
        return json.dumps(asdict(self), default=str, sort_keys=True, ensure_ascii=False)


def content_from_json(text: str) -> NoticeContent:
    """The content as it was sent."""
    body = json.loads(text)
    for name in ("itemization_date", "period_ends_on"):
        body[name] = date.fromisoformat(body[name])
    body["consumer_address"] = tuple(body["consumer_address"])
    return NoticeContent(**body)
