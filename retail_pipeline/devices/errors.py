"""What can go wrong between asking a device and reading its report, decided once.

DeviceError                 cause          tried again
├── Unreachable             unreachable    yes          no connection: offline, refused, unknown host
│   ├── CertificateRefused  unreachable    no           TLS could not be verified
│   ├── AddressRefused      unreachable    no           its name leads to a link-local address, which is not asked
│   ├── BrokenReply         unreachable    yes          connection dropped, reply cut short, not HTTP
│   ├── ServerFailed        unreachable    500 502-504  a 5xx status; 502 is port-forward trouble
│   ├── RateLimited         unreachable    yes          429, with the wait it asked for
│   └── TimedOut            unreachable    yes          connected, but no whole reply in time
│       └── ConnectTimedOut unreachable    yes          the usual face of a device without power
├── CredentialsRefused      refused        no           401 or 403: somebody has to act
│   └── MissingCredential   refused        no           the environment holds no secret; nothing was asked
├── NotAReport              not_a_report   no           a login page, an empty body, any other status
│   ├── RedirectRefused     not_a_report   no           a 3xx: never followed, it could carry the credential away
│   └── ReplyTooLarge       not_a_report   no           larger than any report of 24 hours
└── Malformed               malformed      no           begins like a report, but its columns cannot be told

`cause` is the value of `collection_gaps.cause`. Messages name the device and the cause, never a secret.
"""
# ruff: noqa: N818, the names say what the device did; `Error` at their end would say nothing more

import copy
import ssl
from collections.abc import Callable
from typing import ClassVar, Self

import httpx

RETRIED_STATUSES = frozenset({500, 502, 503, 504})


class DeviceError(Exception):
    """A device did not deliver a report; `detail` says it in words, `status` is None when nothing answered."""

    cause: ClassVar[str] = "unreachable"
    is_transient: bool = False
    is_device_wide: ClassVar[bool] = False
    """Whether the next ask to the same device would fail in the same way."""

    def __init__(self, sensor_id: str, detail: str, status: int | None = None) -> None:
        super().__init__(sensor_id, detail, status)
        self.sensor_id = sensor_id
        self.detail = detail
        self.status = status

    def __str__(self) -> str:
        return f"{self.sensor_id}: {self.cause}: {self.detail}"

    def said_with(self, blot: Callable[[str], str]) -> Self:
        """The same in other words, and without the exceptions behind it, which may repeat what the device said."""
        error = copy.copy(self)
        error.detail = blot(self.detail)
        error.args = (self.sensor_id, error.detail, self.status)
        return error


class Unreachable(DeviceError):
    """No connection came about."""

    is_transient = True
    is_device_wide = True


class CertificateRefused(Unreachable):
    """The device's TLS certificate could not be verified; its owner has to act."""

    is_transient = False


class AddressRefused(Unreachable):
    """The device's name leads to where clouds keep their secrets; who runs the DNS or the fleet file has to act."""

    is_transient = False


class LinkLocalAddress(OSError):
    """A name leads only to addresses that are not asked."""


class BrokenReply(Unreachable):
    """The connection stood, but the reply was cut short, or is not HTTP."""

    is_device_wide = False


class ServerFailed(Unreachable):
    """The device, or the router in front of it, answered 5xx."""

    is_device_wide = False

    def __init__(self, sensor_id: str, detail: str, status: int | None = None) -> None:
        super().__init__(sensor_id, detail, status)
        self.is_transient = status in RETRIED_STATUSES


class RateLimited(Unreachable):
    """429. `retry_after` is the wait in seconds that the device asked for; None where it did not say."""

    is_device_wide = False

    def __init__(self, sensor_id: str, detail: str, status: int | None = 429, retry_after: float | None = None) -> None:
        super().__init__(sensor_id, detail, status)
        self.retry_after = retry_after


class TimedOut(Unreachable):
    """Connected, but the whole reply did not come in time: thirty days of it would cost thirty time budgets."""


class ConnectTimedOut(TimedOut):
    """Nothing answered at that address in time."""


class CredentialsRefused(DeviceError):
    """401 or 403; never tried again, since devices lock accounts."""

    cause = "refused"
    is_device_wide = True


class MissingCredential(CredentialsRefused):
    """The device names a credential that the environment does not hold; nothing was asked."""


class NotAReport(DeviceError):
    """Something answered that is not a report: HTML, JSON, nothing at all, or another status."""

    cause = "not_a_report"


class RedirectRefused(NotAReport):
    """A redirect, which is not followed."""


class ReplyTooLarge(NotAReport):
    """The body passed the cap; the rest of it was not read."""


class Malformed(DeviceError):
    """The first cell is right, but columns are missing or stand twice."""

    cause = "malformed"


_BY_CAUSE = {error.cause: error for error in (Unreachable, CredentialsRefused, NotAReport, Malformed)}


def error_of_cause(cause: str, sensor_id: str, detail: str, status: int | None = None) -> DeviceError:
    """The device error that was written down as `cause`, one of the four above."""
    return _BY_CAUSE[cause](sensor_id, detail, status)


def error_of_transport(error: httpx.HTTPError, sensor_id: str) -> DeviceError:
    """The device error that an exception of the transport stands for."""
    origin = error.__cause__ or error
    text = " ".join(str(error).split()) or type(origin).__name__
    if isinstance(origin, ssl.SSLError):
        return CertificateRefused(sensor_id, f"TLS could not be verified: {text}")
    if isinstance(origin, LinkLocalAddress):
        return AddressRefused(sensor_id, text)
    if isinstance(error, httpx.ConnectTimeout):
        return ConnectTimedOut(sensor_id, "nothing answered in time")
    if isinstance(error, httpx.TimeoutException):
        return TimedOut(sensor_id, "the reply stopped coming")
    if isinstance(error, httpx.ConnectError):
        return Unreachable(sensor_id, f"no connection: {text}")
    return BrokenReply(sensor_id, f"the connection broke: {text}")
