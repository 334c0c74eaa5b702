"""`python -m benchmarks.device_server LATENCY`: devices without a cost of their own, on one loopback port.

The simulator of this project knows firmware, clocks and faults, which would cost more than the clients that are
measured. These answer any path with the 24 hours from `time_start`, LATENCY seconds later; the port stands on stdout.
"""

import asyncio
import datetime as dt
import re
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from benchmarks.fleet import body

_FIGURES = 97
_START = re.compile(rb"time_start=([0-9:-]+)")


class Devices(asyncio.Protocol):
    """A connection: one request, one reply, closed."""

    latency = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begins to collect a request."""
        self.transport, self.asked = transport, b""

    def data_received(self, data: bytes) -> None:
        """Answers once the head of the request is whole."""
        self.asked += data
        if self.asked.endswith(b"\r\n\r\n"):
            found = _START.search(self.asked)
            reply = _reply(found[1] if found else b"", hash(self.asked.partition(b"?")[0]) % _FIGURES)
            asyncio.get_running_loop().call_later(self.latency, self._send, reply)

    def _send(self, reply: bytes) -> None:
        if isinstance(self.transport, asyncio.Transport) and not self.transport.is_closing():
            self.transport.write(reply)
            self.transport.close()


@lru_cache(maxsize=4096)
def _reply(start: bytes, seed: int) -> bytes:
    text = body(seed, dt.datetime.strptime(start.decode(), "%Y-%m-%d-%H:%M:%S").replace(tzinfo=dt.UTC))
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nContent-Length: {len(text)}\r\nConnection: close\r\n\r\n"
    return head.encode() + text


def open_many_files() -> None:
    """As many connections as the system lets this process have; many systems begin with 256 or 1,024."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


@contextmanager
def served_devices(latency: float) -> Iterator[str]:
    """The base URL of devices in a process of their own."""
    command = [sys.executable, "-m", "benchmarks.device_server", str(latency)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None  # noqa: S101
            yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        finally:
            server.terminate()


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(Devices, "127.0.0.1", 0, backlog=4096)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    open_many_files()
    Devices.latency = float(sys.argv[1])
    asyncio.run(_serve())
