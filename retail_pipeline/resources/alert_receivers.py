"""Who is told of failures: the addresses of `RETAIL_ALERT_URLS`, and what no message may hold."""

import os
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from retail_pipeline.devices.auth import variables_of
from retail_pipeline.resources.receivers import addresses, read_receivers
from retail_pipeline.settings import Settings, read_settings

if TYPE_CHECKING:
    from retail_pipeline.resources.apprise_receivers import AppriseReceiver

_CREDENTIAL = re.compile(r"RETAIL_CREDENTIAL_(\w+)_PASSWORD")
_OF_REPORTS = re.compile(r"RETAIL_REPORT_URLS_\w+")
_DATABASES = ("RETAIL_DATABASE_URL", "DAGSTER_POSTGRES_URL", "RETAIL_CELERY_BROKER_URL")
SHORTEST_SECRET = 4
"""Shorter ones are no secret, and would tear words apart."""

SHORTEST_TOKEN = 16
"""Of what is no password but may be one: host names are shorter as a rule, and tokens longer."""


def alert_receivers(settings: Settings | None = None) -> "list[AppriseReceiver]":
    """The receivers of `RETAIL_ALERT_URLS`, none when it is unset; an address that is there twice is one.

    `settings`: those of this process where they are read already.

    Raises:
        ConfigurationError: an address is not one of apprise's; the message says which by its position only.
    """
    return read_receivers("RETAIL_ALERT_URLS", _alert_urls(settings or read_settings()))


def known_secrets(environment: Mapping[str, str] = os.environ) -> frozenset[str]:
    """What no message may hold: passwords of devices and databases, and the addresses of the receivers."""
    values: set[str] = set()
    for name, value in environment.items():
        if match := _CREDENTIAL.fullmatch(name):
            values |= {value, f"{environment.get(variables_of(match[1])[0], '')}:{value}"}
    for name in _DATABASES:
        values |= {environment.get(name, ""), *_passwords(environment.get(name, ""))}
    of_reports = [value for name, value in environment.items() if _OF_REPORTS.fullmatch(name)]
    for url in addresses(" ".join([_alert_urls(read_settings()), *of_reports])):
        values |= {url, *_passwords(url), *_tokens(url)}
    return frozenset(value for value in values if len(value) >= SHORTEST_SECRET)


def _alert_urls(settings: Settings) -> str:
    given = settings.alert_urls
    return given.get_secret_value() if given else ""


def _passwords(url: str) -> set[str]:
    try:
        written = urlsplit(url).password or ""
    except ValueError:
        return set()
    return {written, unquote(written)}


def _tokens(url: str) -> set[str]:
    """What stands behind the scheme and is long enough for a token; most services keep theirs in host or path."""
    parts = re.split(r"[/?&=:@]+", url.partition("://")[2])
    return {part for written in parts for part in (written, unquote(written)) if len(part) >= SHORTEST_TOKEN}
