"""Who is told of failures: the addresses of `RETAIL_ALERT_URLS`, as apprise understands them."""

import logging
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from urllib.parse import unquote, urlsplit

import apprise
from apprise.utils.parse import parse_urls

from retail_pipeline.devices.auth import variables_of
from retail_pipeline.settings import ConfigurationError, read_settings

# At the level of errors apprise writes addresses, and with them their secrets, into the log.
logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)

_CREDENTIAL = re.compile(r"RETAIL_CREDENTIAL_(\w+)_PASSWORD")
_DATABASES = ("RETAIL_DATABASE_URL", "DAGSTER_POSTGRES_URL")
SHORTEST_SECRET = 4
"""Shorter ones are no secret, and would tear words apart."""

SHORTEST_TOKEN = 16
"""Of what is no password but may be one: host names are shorter as a rule, and tokens longer."""


@dataclass(frozen=True)
class AlertReceiver:
    """One address; `key` is a digest of it, which does not lead back to it."""

    key: str
    name: str
    _service: apprise.NotifyBase

    def __repr__(self) -> str:
        return f"AlertReceiver({self.name})"

    def send(self, title: str, body: str, *, is_over: bool) -> bool:
        """Whether the service took the message."""
        kind = apprise.NotifyType.SUCCESS if is_over else apprise.NotifyType.FAILURE
        messenger = apprise.Apprise()
        messenger.add(self._service)
        # A service may raise what it did not foresee; whoever is told next must not suffer for it.
        try:
            return bool(messenger.notify(title=title, body=body, notify_type=kind))
        except Exception:  # noqa: BLE001
            return False


def alert_receivers() -> list[AlertReceiver]:
    """The receivers of `RETAIL_ALERT_URLS`, none when it is unset; an address that is there twice is one.

    Raises:
        ConfigurationError: an address is not one of apprise's; the message says which by its position only.
    """
    urls = _alert_urls()
    found = {}
    for position, url in enumerate(urls, 1):
        service = apprise.Apprise.instantiate(url, suppress_exceptions=True)
        if not isinstance(service, apprise.NotifyBase):
            raise ConfigurationError(
                f"RETAIL_ALERT_URLS: address {position} of {len(urls)} is none that apprise knows; its documentation "
                "lists them, for example mailto://, slack://, discord:// and json://."
            )
        key = blake2b(url.encode(), digest_size=8).hexdigest()
        found[key] = AlertReceiver(key, f"receiver {position} ({service.service_name})", service)
    return list(found.values())


def known_secrets(environment: Mapping[str, str] = os.environ) -> frozenset[str]:
    """What no message may hold: passwords of devices and databases, and the addresses of the receivers."""
    values: set[str] = set()
    for name, value in environment.items():
        if match := _CREDENTIAL.fullmatch(name):
            values |= {value, f"{environment.get(variables_of(match[1])[0], '')}:{value}"}
    for name in _DATABASES:
        values |= {environment.get(name, ""), *_passwords(environment.get(name, ""))}
    for url in _alert_urls():
        values |= {url, *_passwords(url), *_tokens(url)}
    return frozenset(value for value in values if len(value) >= SHORTEST_SECRET)


def _alert_urls() -> list[str]:
    given = read_settings().alert_urls
    return list(parse_urls(given.get_secret_value())) if given else []  # type: ignore[no-untyped-call]


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
