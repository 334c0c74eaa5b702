"""Public holidays of a country, from the `holidays` library; what a shop does on them is not said here."""

import datetime as dt
from functools import lru_cache

import holidays


@lru_cache(maxsize=1)
def known_countries() -> frozenset[str]:
    """ISO codes of the countries whose public holidays are known."""
    return frozenset(holidays.list_supported_countries())


@lru_cache(maxsize=1024)
def public_holidays(country: str, year: int) -> frozenset[dt.date]:
    """Dates of the public holidays of the whole `country` in `year`; those of single regions are not among them."""
    return frozenset(holidays.country_holidays(country, years=year))
