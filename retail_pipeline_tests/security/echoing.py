"""Devices on loopback that repeat the credential they are asked with, each in another part of what it says."""

import base64
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote

HEADER = "StartTime, EndTime, Tolal - In, Tolal - Out, Tolal - Sum, " + ", ".join(
    f"Line{n} - {way}" for n in (1, 2, 3, 4) for way in ("In", "Out", "Sum")
)
BROKEN = {"status_line", "length", "chunk"}
CHALLENGE = 'Digest realm="device", qop="auth", algorithm=MD5, nonce="0123456789abcdef"'


class Handler(BaseHTTPRequestHandler):
    """The first part of the path says what is repeated where."""

    def do_GET(self) -> None:
        kind = self.path.split("/")[1]
        given = self.headers.get("Authorization", "")
        if kind.startswith("digest") and not given:
            self._answer(401, b"who?", {"WWW-Authenticate": CHALLENGE})
            return
        said = " ".join([given, *_known(given)])
        if kind in BROKEN:
            self.wfile.write(_not_http(kind, said))
        else:
            self._answer(*_reply(kind, said, _known(given), self.path))

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), "Connection": "close", **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


KINDS = ("page", "digest", "error", "denied", "moved", "first_cell", "cell", "header_cell", "encoding", *sorted(BROKEN))


def _known(given: str) -> list[str]:
    """User, password, both; of a digest only the user can be known, and its proof."""
    if given.startswith("Basic "):
        both = base64.b64decode(given.removeprefix("Basic ")).decode()
        return [both, *both.split(":", 1)]
    return re.findall(r'(?:username|response)="([^"]*)"', given) or ["nobody"]


def _reply(kind: str, said: str, known: list[str], path: str) -> tuple[int, bytes, dict[str, str]]:
    page = f"<!DOCTYPE html><p>You sent {said} and {[quote(one, safe='') for one in known]}</p>".encode()
    stamp = path.partition("time_start=")[2][:10].replace("-", "/")
    row = f"{stamp} 10:00:00,{stamp} 10:59:59,{','.join('0' * 15)}"
    where = ":".join(quote(one, safe="") for one in known[1:])
    replies: dict[str, tuple[int, bytes, dict[str, str]]] = {
        "error": (501, page, {}),
        "denied": (403, page, {"WWW-Authenticate": f'Basic realm="{known[-1]}"'}),
        "moved": (302, page, {"Location": f"http://{where}@elsewhere.example/", "Set-Cookie": known[-1]}),
        "first_cell": (200, f"{known[-1]},{said}\n".encode(), {}),
        "cell": (200, f"{HEADER}\n{row.replace(',0', f',{known[-1]}', 1)}\n{row},{said}\n".encode(), {}),
        "header_cell": (200, f"StartTime, {said}\n{row}\n".encode(), {}),
        "encoding": (200, page, {"Content-Encoding": known[-1]}),
    }
    return replies.get(kind, (200, page, {}))


def _not_http(kind: str, said: str) -> bytes:
    match kind:
        case "status_line":
            return f"{said}\r\n\r\n".encode()
        case "length":
            return f"HTTP/1.1 200 OK\r\nContent-Length: {said}\r\n\r\n".encode()
        case _:
            return f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{said}\r\n".encode()


@contextmanager
def echoing_devices() -> Iterator[str]:
    """Their base URL; a device of each of `KINDS` is at `<base>/<kind>`."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()
