"""Just enough HTTP/1.1 to play a device, even a broken one. What is said belongs in `device` and `fleet_port`."""

import asyncio
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlsplit

_LONGEST_BODY = 1 << 20


class BadRequestError(Exception):
    """The client does not speak HTTP/1.1, or asks for more than a device understands."""


@dataclass(frozen=True)
class HttpRequest:
    """One request; header names are lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""

    @property
    def path(self) -> str:
        """The target without its query."""
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        """The query's parameters; of a repeated one the last."""
        return {name: values[-1] for name, values in parse_qs(urlsplit(self.target).query).items()}

    @property
    def is_last(self) -> bool:
        """Whether the client wants the connection closed after the reply."""
        return self.headers.get("connection", "").lower() == "close"


@dataclass(frozen=True)
class HttpReply:
    """One reply; `length` is what it declares, None for its true length, below zero for no declaration at all."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None
    is_last: bool = False

    def changed(self, **changes: Any) -> "HttpReply":  # noqa: ANN401 - whatever the fields take
        """The reply with other fields."""
        return replace(self, **changes)

    def with_headers(self, headers: dict[str, str]) -> "HttpReply":
        """The reply with more headers."""
        return replace(self, headers={**self.headers, **headers})

    def head(self, *, is_chunked: bool = False) -> bytes:
        """Status line and headers as they go over the wire."""
        headers = dict(self.headers)
        length = len(self.body) if self.length is None else self.length
        if is_chunked:
            headers["Transfer-Encoding"] = "chunked"
        elif length >= 0:
            headers["Content-Length"] = str(length)
        headers["Connection"] = "close" if self.is_last else "keep-alive"
        lines = [f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


async def read_request(reader: asyncio.StreamReader) -> HttpRequest | None:
    """The next request of a connection, None when the client has closed it.

    Raises:
        BadRequestError: what came is not a request.
    """
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None
    except asyncio.LimitOverrunError as error:
        raise BadRequestError("the head of the request is too long") from error
    first, *lines = head.split("\r\n")
    words = first.split(" ")
    if len(words) != 3:
        raise BadRequestError(f"not a request: {first[:80]!r}")
    headers = {
        name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)
    }
    length = headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > _LONGEST_BODY:
        raise BadRequestError(f"cannot read a body of length {length!r}")
    return HttpRequest(words[0], words[1], headers, await reader.readexactly(int(length)))
