"""Shortcuts that make a large file fast say the same as the long way."""

from __future__ import annotations

import phonenumbers
import pytest
from phonenumbers import timezone as phone_timezone

from marketplace.placement.phones import parse_phone
from marketplace.placement.seen import SeenRefs


@pytest.mark.parametrize(("exchange", "line"), [("555", "0100"), ("555", "0199"), ("155", "0100")])
def test_six_digits_say_of_a_number_what_the_library_says_of_all_ten(exchange: str, line: str) -> None:
    for area in range(200, 1000):
        text = f"+1{area}{exchange}{line}"
        number = phonenumbers.parse(text)
        found = parse_phone(text, country="US")
        assert (found is not None) is phonenumbers.is_valid_number(number)
        if found is not None and found.zones:
            assert found == (text, tuple(phone_timezone.time_zones_for_number(number)))


def test_a_number_of_no_place_is_no_evidence_of_a_zone() -> None:
    assert parse_phone("+18005550100", country="US") == ("+18005550100", ())


def test_every_reference_is_found_again_after_the_table_has_grown() -> None:
    seen = SeenRefs()
    refs = [f"HC-{number:06d}" for number in range(20_000)]
    assert all(seen.first_line(ref, line) is None for line, ref in enumerate(refs, 2))
    assert [seen.first_line(ref, 99_999) for ref in refs] == list(range(2, 20_002))
    assert seen.first_line("hc-000000", 5) is None
