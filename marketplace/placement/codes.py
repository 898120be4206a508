"""Verdicts and codes of a placement, which code leads when several hold, and the sentence of each accepted one."""

from __future__ import annotations

from django.utils.translation import gettext_noop

ACCEPTED, REJECTED, SCREENED, DUPLICATE = "accepted", "rejected", "screened", "duplicate"
VERDICTS = (ACCEPTED, REJECTED, SCREENED, DUPLICATE)

OK = "ok"
OK_DISPUTED = "ok_disputed"
OK_CONFLICT = "ok_timezone_conflict_use_intersection"
OK_FORMULA = "formula_injection_neutralised"
OK_HAWAII = "ok_timezone_hawaii"
OK_NO_PHONE = "ok_no_phone"
OK_DPD = "ok_dpd_from_due_date"
OK_NO_ITEMIZATION = "ok_no_itemization"

# The code of an accepted row is the first of these that holds: what a person should know before anything else.
ACCEPTED_CODES: dict[str, str] = {
    OK_DISPUTED: gettext_noop("The debtor disputes the debt: it is taken with a hold and nobody makes contact yet."),
    OK_CONFLICT: gettext_noop(
        "Address and phone or stated time zone point to different clocks: contact is made only when both allow it."
    ),
    OK_FORMULA: gettext_noop(
        "A text would run as a spreadsheet formula: it is kept as text and escaped in every export."
    ),
    OK_NO_PHONE: gettext_noop("There is no phone number: the debtor cannot be called."),
    OK_HAWAII: gettext_noop("Hawaii keeps a clock of its own."),
    OK_DPD: gettext_noop("Days past due were counted from the due date."),
    OK_NO_ITEMIZATION: gettext_noop("There is no itemization date: the case cannot be listed until it is given."),
}

REJECTED_CODES = (
    "wrong_cell_count",
    "missing_id",
    "damaged_id",
    "id_too_long",
    "missing_name",
    "name_too_long",
    "bad_phone",
    "bad_state",
    "bad_flag",
    "bad_currency",
    "bad_date",
    "bad_amount",
    "bad_amount_precision",
    "ambiguous_amount",
    "amount_over_limit",
    "amounts_do_not_add_up",
)

BANKRUPT, DECEASED, TIME_BARRED = "bankrupt", "deceased", "time_barred_review"
SCREENED_CODES: dict[str, str] = {
    BANKRUPT: gettext_noop("The debtor is bankrupt: the debt will not become a case."),
    DECEASED: gettext_noop("The debtor has died: the debt will not become a case."),
    TIME_BARRED: gettext_noop(
        "The debt may be too old to sue on: it will not become a case before somebody has looked."
    ),
}

DUPLICATE_IN_FILE, DUPLICATE_OF_CASE = "duplicate_in_file", "duplicate_of_case"
DUPLICATE_CODES = (DUPLICATE_IN_FILE, DUPLICATE_OF_CASE)
