"""Public holidays of a country, from the `holidays` library; what a shop does on them is not said here."""

import datetime as dt
from functools import lru_cache

import holidays
from holidays.registry import EntityLoader


@lru_cache(maxsize=1)
def known_countries() -> frozenset[str]:
    """ISO codes of the countries whose public holidays are known, of which none is loaded to say so."""
    return frozenset(EntityLoader.get_country_codes())


@lru_cache(maxsize=1024)
def public_holidays(country: str, year: int) -> frozenset[dt.date]:
    """Dates of the public holidays of the whole `country` in `year`; those of single regions are not among them."""
    return frozenset(holidays.country_holidays(country, years=year))
