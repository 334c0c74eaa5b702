"""The receivers that a variable names; apprise, which takes time and memory, is loaded where there is an address."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from retail_pipeline.resources.apprise_receivers import AppriseReceiver


def read_receivers(variable: str, text: str) -> "list[AppriseReceiver]":
    """The receivers whose addresses `text` holds; an address that is there twice is one.

    Raises:
        ConfigurationError: an address is not one of apprise's; the message says which by its position only.
    """
    if not text.strip():
        return []
    from retail_pipeline.resources import apprise_receivers  # noqa: PLC0415 - see the module's docstring

    return apprise_receivers.read_receivers(variable, text)


def addresses(text: str) -> list[str]:
    """The addresses in a variable, separated by blanks or commas."""
    if not text.strip():
        return []
    from retail_pipeline.resources import apprise_receivers  # noqa: PLC0415 - see the module's docstring

    return apprise_receivers.addresses(text)
