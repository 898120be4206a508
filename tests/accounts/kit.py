"""An application as an applicant leaves it, and the people around it."""

from __future__ import annotations

from datetime import date

from accounts.models import Application
from accounts.services.applications import (
    LicenceClaim,
    add_document,
    save_application,
    start_application,
    submit_application,
)
from tests.factories import START, make_user

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 64
PDF = b"%PDF-1.7\n" + b"0" * 64
PHONE = "+16465550142"


def draft(**extra):
    return start_application(user=extra.pop("user", None) or make_user(), alias="Dana O.", phone_e164=PHONE, at=START)


def filled(regions=("US-NY", "US-TX"), **extra) -> Application:
    application = save_application(
        application=draft(**extra), legal_name="Dana Okafor", birth_date=date(1990, 2, 28), address="1 Quay Road\nAlbany",
        licences=[LicenceClaim(region, f"L-{region}") for region in regions], statement="", accepts_code=True, at=START,
    )  # fmt: skip
    for kind, region in (("IDENTITY", ""), ("LICENCE", regions[0])):
        add_document(application=application, kind=kind, region=region, filename=f"{kind}.png", body=PNG, at=START)
    return application


def submitted(**extra) -> Application:
    return submit_application(application=filled(**extra), at=START)


def make_staff(**extra):
    return make_user(is_staff=True, is_superuser=True, **extra)
