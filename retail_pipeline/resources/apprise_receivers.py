"""Receivers of messages and pages, by apprise: their addresses never show."""

import logging
from dataclasses import dataclass
from hashlib import blake2b

import apprise
from apprise.attachment.memory import AttachMemory
from apprise.utils.parse import parse_urls

from retail_pipeline.settings import ConfigurationError

# At the level of errors apprise writes addresses, and with them their secrets, into the log.
logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)

NOT_TAKEN = "does not answer, or takes nothing"


@dataclass(frozen=True)
class AppriseReceiver:
    """One address; `key` is a digest of it, which does not lead back to it."""

    key: str
    name: str
    _service: apprise.NotifyBase

    def __repr__(self) -> str:
        return f"AppriseReceiver({self.name})"

    def send(self, title: str, body: str, *, is_over: bool) -> bool:
        """Whether the service took the message."""
        return self._is_taken(title, body, apprise.NotifyType.SUCCESS if is_over else apprise.NotifyType.FAILURE)

    def send_page(self, title: str, body: str, html: str, file_name: str) -> str | None:
        """Send a text, with the page as a file where the service takes files; None when it was taken, else why not."""
        page = AttachMemory(html.encode(), name=file_name, mimetype="text/html")  # type: ignore[no-untyped-call]
        attached = apprise.AppriseAttachment(page) if self._service.attachment_support else None
        return None if self._is_taken(title, body, apprise.NotifyType.INFO, attached) else NOT_TAKEN

    def _is_taken(
        self, title: str, body: str, kind: apprise.NotifyType, attached: apprise.AppriseAttachment | None = None
    ) -> bool:
        messenger = apprise.Apprise()
        messenger.add(self._service)
        # A service may raise what it did not foresee; whoever is told next must not suffer for it.
        try:
            return bool(
                messenger.notify(
                    title=title, body=body, notify_type=kind, attach=attached, body_format=apprise.NotifyFormat.TEXT
                )
            )
        except Exception:  # noqa: BLE001
            return False


def read_receivers(variable: str, text: str) -> list[AppriseReceiver]:
    """The receivers whose addresses `text` holds; an address that is there twice is one.

    Raises:
        ConfigurationError: an address is not one of apprise's; the message says which by its position only.
    """
    urls = addresses(text)
    found = {}
    for position, url in enumerate(urls, 1):
        service = apprise.Apprise.instantiate(url, suppress_exceptions=True)
        if not isinstance(service, apprise.NotifyBase):
            raise ConfigurationError(
                f"{variable}: address {position} of {len(urls)} is none that apprise knows; its documentation "
                "lists them, for example mailto://, slack://, discord:// and json://."
            )
        key = blake2b(url.encode(), digest_size=8).hexdigest()
        found[key] = AppriseReceiver(key, f"receiver {position} ({service.service_name})", service)
    return list(found.values())


def addresses(text: str) -> list[str]:
    """The addresses in a variable, separated by blanks or commas."""
    return list(parse_urls(text))  # type: ignore[no-untyped-call]
