from __future__ import annotations

from datetime import datetime

from django.db import transaction

from compliance.models import Hold
from compliance.services.holds import open_hold
from core.events import record
from marketplace.models import Case, Person


def stop_contact(*, case: Case, form: str, actor: str, at: datetime) -> Hold:
    """Take a request to stop contact: a hold on the person, across creditors, effective at once.

    Args: form "portal", "mail", "email" or "fax" (in writing, 12 CFR 1006.6(c)) or "oral" (a house hold until somebody
    has cleared it up). A second request of the same form returns the first.
    """
    with transaction.atomic():
        person = Person.objects.select_for_update(no_key=True).get(debtors__cases=case)
        standing = Hold.objects.filter(person=person, reason="CEASE", closed_at__isnull=True, detail__form=form).first()
        if standing:
            return standing
        hold = open_hold(reason="CEASE", case=case, person=person, detail={"form": form}, actor=actor, at=at)
        record(
            name="stop.received", stream=case.stream, actor=actor, at=at, creditor_id=case.org_id,
            data={"form": form, "hold": hold.pk},
        )  # fmt: skip
    return hold
