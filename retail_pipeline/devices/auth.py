"""Secrets of devices: read from the environment by the credential's name, never stored, never shown."""

from collections.abc import Callable, Mapping

import httpx

from retail_pipeline.devices.errors import MissingCredential
from retail_pipeline.fleet.models import Auth, Device

Credentials = Callable[[str], tuple[str, str] | None]


def variables_of(credential: str) -> tuple[str, str]:
    """The two environment variables that hold a credential."""
    return f"RETAIL_CREDENTIAL_{credential}_USERNAME", f"RETAIL_CREDENTIAL_{credential}_PASSWORD"


def env_credentials(environ: Mapping[str, str]) -> Credentials:
    """Looks up `(username, password)` by credential name; None unless both variables are set."""

    def credential(name: str) -> tuple[str, str] | None:
        username, password = (environ.get(variable) for variable in variables_of(name))
        return (username, password) if username and password is not None else None

    return credential


def auth_of(device: Device, credentials: Credentials) -> httpx.Auth:
    """How to sign in to a device; plain `httpx.Auth` (nothing is sent) where it names no credential.

    A digest object remembers the device's challenge: keep one per device, or every ask costs two requests.

    Raises:
        MissingCredential: the environment holds no secret of that name; whoever deploys has to set it.
    """
    if device.credential is None:
        return httpx.Auth()
    secret = credentials(device.credential)
    if secret is None:
        names = " and ".join(variables_of(device.credential))
        raise MissingCredential(device.id, f"no secret for credential {device.credential}: set {names}")
    return httpx.DigestAuth(*secret) if device.auth is Auth.DIGEST else httpx.BasicAuth(*secret)
