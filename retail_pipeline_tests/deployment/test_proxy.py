"""The proxy in front of Dagster's UI: nobody passes without the password."""

import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from retail_pipeline_tests.deployment.test_files import DEPLOY
from retail_pipeline_tests.waiting import wait_until

CADDY = shutil.which("caddy")
PASSWORD = "a-test-password"


class Ui(BaseHTTPRequestHandler):
    """Says that it was reached."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"UI")

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def upstream() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Ui)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join(10)
    server.server_close()


@pytest.fixture
def proxy(upstream: str, tmp_path: Path) -> Iterator[str]:
    """Debian's Caddy with the file of `deploy`, without TLS: no certificate is to be had on loopback."""
    if CADDY is None:
        pytest.skip("Caddy is not installed: the password in front of the UI is not tested here")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    command = [CADDY, "hash-password", "--plaintext", PASSWORD]
    hashed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    told = {"UI_HOST": url, "UI_UPSTREAM": upstream, "UI_USER": "ops", "UI_PASSWORD_HASH": hashed}
    process = subprocess.Popen(
        [CADDY, "run", "--adapter", "caddyfile", "--config", str(DEPLOY / "Caddyfile")],
        env={**os.environ, **told, "HOME": str(tmp_path)},
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: answer(url))
        yield url
    finally:
        process.terminate()
        process.wait(30)


def answer(url: str, auth: tuple[str, str] | None = None) -> int:
    """The status, 0 when nobody is there."""
    try:
        return httpx.get(f"{url}/server_info", auth=auth, trust_env=False).status_code
    except httpx.ConnectError:
        return 0


def test_nobody_passes_without_the_password(proxy: str) -> None:
    assert answer(proxy) == 401
    assert answer(proxy, ("ops", "another")) == 401
    assert answer(proxy, ("ops", PASSWORD)) == 200
