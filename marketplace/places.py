"""Regions as the market writes them: "US-TX", and their names where the placement rules know them."""

from __future__ import annotations

from marketplace.placement.regions import US_STATES


def region_key(country: str, region: str) -> str:
    """Country and region in one word, the form in which licences are kept: "US-TX"."""
    return region if region.startswith(f"{country}-") else f"{country}-{region}"


def region_name(country: str, region: str) -> str:
    """The region's name, or its code when the name is not known."""
    code = region.removeprefix(f"{country}-")
    return US_STATES[code][0] if country == "US" and code in US_STATES else code
