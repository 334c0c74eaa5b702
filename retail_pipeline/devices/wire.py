"""HTTP/1.1 on a connection per request: all that asking a device takes of a client, and nothing that it must not do.

No redirects, no cookies, no proxies, no connection kept, nothing sent twice. llhttp reads the replies, as forgiving of
old firmware as aiohttp has it be; with aiohttp itself an ask takes nearly twice the CPU.
"""

import asyncio
import re
import socket
import ssl
from collections.abc import AsyncIterator
from functools import cached_property, partial
from ipaddress import ip_address

import httpx
from aiohappyeyeballs import AddrInfoType, start_connection
from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from retail_pipeline.devices.errors import LinkLocalAddress
from retail_pipeline.fleet.addresses import is_link_local

_MOST_AROUND = 16 << 10
"""Bytes of head, and of what surrounds the chunks of a body beyond as much as the body itself."""

_MOST_WAITING = 256 << 10
"""Bytes of a body that nobody has taken yet; then the device waits."""

_NEXT_ADDRESS_S = 0.25
_BREAKS_A_HEAD = re.compile(rb"[\r\n\0]")


class Wire(httpx.AsyncBaseTransport):
    """Carries requests to many hosts, for one event loop.

    Unless allowed, no name leads it to a link-local address; addresses themselves are the fleet file's to judge.
    """

    def __init__(self, *, allow_link_local: bool = False) -> None:
        self._allow_link_local = allow_link_local
        self._known: dict[tuple[str, int], list[AddrInfoType]] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The reply once its head is whole; its stream is the body as it comes, and closing it ends the connection.

        Raises:
            httpx.TransportError: the connection did not come about, broke, or carries something else than HTTP.
        """
        patience = request.extensions["timeout"]
        reply = await self._asked(request, patience["pool"], patience["connect"])
        body = _Body(reply, patience["read"])
        try:
            await body.begin()
        except BaseException:
            await body.aclose()
            raise
        return httpx.Response(reply.status, headers=reply.headers, stream=body, request=request)

    async def _asked(self, request: httpx.Request, look_up_s: float | None, connect_s: float | None) -> "_Reply":
        """A connection on which the request is under way."""
        url = request.url
        place = url.raw_host.decode("ascii"), url.port or (443 if url.scheme == "https" else 80)
        tls, name = (self._tls, place[0]) if url.scheme == "https" else (None, None)
        begin = partial(_Reply, _text_of(request))
        try:
            if not (addresses := self._known.get(place)):
                async with asyncio.timeout(look_up_s):
                    addresses = self._known[place] = await self._look_up(*place)
            async with asyncio.timeout(connect_s):
                device = await start_connection(addresses, happy_eyeballs_delay=_NEXT_ADDRESS_S)
                connecting = asyncio.get_running_loop().create_connection
                _, reply = await connecting(begin, sock=device, ssl=tls, server_hostname=name)
        except TimeoutError as error:
            raise httpx.ConnectTimeout("nothing answered in time") from error
        except (OSError, UnicodeError) as error:  # the latter of names that are none: a part of more than 63 letters
            self._known.pop(place, None)  # routers get other addresses
            raise httpx.ConnectError(str(error)) from error
        return reply

    async def _look_up(self, host: str, port: int) -> list[AddrInfoType]:
        if _is_address(host):
            return [*socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)]
        look_up = asyncio.get_running_loop().getaddrinfo
        found = await look_up(host, port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
        # Where a name leads is decided by others, and may change after it was checked.
        kept = [one for one in found if self._allow_link_local or not is_link_local(str(one[4][0]))]
        if found and not kept:
            advice = "set allow_link_local: true if the device really is there"
            raise LinkLocalAddress(f"{host} leads to the link-local address {found[0][4][0]}: {advice}")
        return [*kept]

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return httpx.create_ssl_context()


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _text_of(request: httpx.Request) -> bytes:
    """A request without a body."""
    lines = [b"%s %s HTTP/1.1" % (request.method.encode("ascii"), request.url.raw_path)]
    lines += [b"%s: %s" % header for header in request.headers.raw]
    if any(_BREAKS_A_HEAD.search(line) for line in lines):
        raise httpx.LocalProtocolError("a line break in a header: of a credential, or of a digest challenge")
    return b"\r\n".join([*lines, b"\r\n"])


class _Reply(asyncio.Protocol):
    """One connection: the request goes out when it stands, the reply is read as it comes."""

    def __init__(self, request: bytes) -> None:
        self._request = request
        self._parser = HttpResponseParser(self)
        # Bare line feeds, blanks behind the size of a chunk, odd bytes in headers.
        self._parser.set_dangerous_leniencies(
            lenient_headers=True, lenient_optional_cr_before_lf=True, lenient_spaces_after_chunk_size=True
        )
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.pieces = bytearray()
        self.has_head = self.is_whole = False
        self.error: httpx.TransportError | None = None
        self._around = 0
        self.news = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - as `create_connection` promises
        self._transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._around += len(data)
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade:
            self.is_whole = True  # to another protocol, which was not asked for: its status says so
        except HttpParserError as error:
            if not self.is_whole:
                self._break(httpx.RemoteProtocolError(str(error)))
        if self._around > _MOST_AROUND:
            self._break(httpx.RemoteProtocolError("more around the body than in it"))
        if len(self.pieces) > _MOST_WAITING:
            self._transport.pause_reading()
        self.news.set()

    def connection_lost(self, error: Exception | None) -> None:
        del self._parser  # which holds this object
        if error is None and self.has_head and not self._tells_its_end():
            self.is_whole = True
        if not self.is_whole:
            words = str(error or ("the reply is cut short" if self.has_head else "Server disconnected"))
            self._break(httpx.ReadError(words))
        self.news.set()

    def _tells_its_end(self) -> bool:
        return any(name.lower() in {b"content-length", b"transfer-encoding"} for name, _ in self.headers)

    def _break(self, error: httpx.TransportError) -> None:
        if self.error is None:
            self.error = error
            self._transport.abort()

    def take(self) -> bytes:
        """What there is of the body."""
        taken, self.pieces = bytes(self.pieces), bytearray()
        self._transport.resume_reading()
        return taken

    def close(self) -> None:
        """End the connection, whatever is under way."""
        self._transport.abort()

    # What the parser calls.

    def on_message_begin(self) -> None:
        if not self.has_head:
            self.headers.clear()

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.has_head:  # else it is a trailer
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        if not self.has_head:
            self.status = self._parser.get_status_code()
            self.has_head = self.status == 101 or self.status >= 200  # others of the hundreds only announce a reply

    def on_body(self, piece: bytes) -> None:
        if not self.is_whole:
            self.pieces += piece
            self._around -= 2 * len(piece)

    def on_message_complete(self) -> None:
        self.is_whole = self.has_head


class _Body(httpx.AsyncByteStream):
    """The body of a reply, which may take `read_s` for each piece of it, and for the head."""

    def __init__(self, reply: _Reply, read_s: float | None) -> None:
        self._reply = reply
        self._read_s = read_s

    async def begin(self) -> None:
        while not self._reply.has_head:
            await self._more()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            if self._reply.pieces:
                yield self._reply.take()
            elif self._reply.is_whole and not self._reply.error:
                return
            else:
                await self._more()

    async def _more(self) -> None:
        if self._reply.error:
            raise self._reply.error
        self._reply.news.clear()
        try:
            async with asyncio.timeout(self._read_s):
                await self._reply.news.wait()
        except TimeoutError as error:
            raise httpx.ReadTimeout("the reply stopped coming") from error

    async def aclose(self) -> None:
        self._reply.close()
