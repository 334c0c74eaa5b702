"""What the wire reads of replies as they come over real connections, whole and cut, and what it never sends."""

import asyncio
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from retail_pipeline.devices.client import Answer, fetch_all
from retail_pipeline.devices.errors import (
    BrokenReply,
    CertificateRefused,
    NotAReport,
    ReplyTooLarge,
    TimedOut,
    Unreachable,
)
from retail_pipeline.devices.models import ClientLimits, Failure, Reply
from retail_pipeline.devices.wire import Wire
from retail_pipeline_tests.devices.test_client import an_ask

OPENSSL = shutil.which("openssl")
ONCE = ClientLimits(attempts=1, total_s=5.0, max_csv_bytes=1000)


@contextmanager
def device(*said: bytes, stays: bool = False, tls: ssl.SSLContext | None = None) -> Iterator[tuple[str, list[bytes]]]:
    """A device that says these bytes and hangs up, unless it `stays`; its address, and what it read."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            client, _ = server.accept()
            with client, tls.wrap_socket(client, server_side=True) if tls else client as talking:
                heard.append(talking.recv(65536))
                for piece in said:
                    talking.sendall(piece)
                if stays:
                    heard.append(talking.recv(1))  # until the other end hangs up

        def quietly() -> None:
            try:
                answer()
            except OSError:
                heard.append(b"hung up")

        thread = threading.Thread(target=quietly)
        thread.start()
        yield f"http{'s' if tls else ''}://127.0.0.1:{server.getsockname()[1]}", heard
        thread.join(10)


def asked(url: str, limits: ClientLimits = ONCE) -> Answer:
    [answer] = fetch_all([an_ask(url=url)], lambda _: None, limits)
    return answer


@pytest.mark.parametrize(
    "said",
    [
        [b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n12345"],
        [b"HTTP/1.1 200 OK\r\nContent-Le", b"ngth: 5\r\n\r\n12", b"345"],
        [b"HTTP/1.0 200 OK\r\nContent-Type: text/csv\r\n\r\n123", b"45"],
        [b"HTTP/1.1 200 OK\nContent-Length: 5\n\n12345"],
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2 \r\n12\r\n3\r\n345\r\n0\r\nAge: 1\r\n\r\n"],
        [
            b"HTTP/1.1 100 Continue\r\nContent-Encoding: br\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n12345",
        ],
        [b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nOdd: \x01\xff\r\n\r\n12345"],
        [b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n12345HTTP/1.1 500 No\r\nContent-Length: 1\r\n\r\n6"],
    ],
    ids=[
        "with its length",
        "in pieces",
        "until it hangs up",
        "bare line feeds",
        "chunks",
        "announced",
        "odd bytes in a header",
        "more than one",
    ],
)
def test_a_reply_is_read_however_it_ends(said) -> None:
    with device(*said) as (url, _):
        answer = asked(url)

    assert isinstance(answer, Reply), answer
    assert (answer.status, answer.body) == (200, b"12345")


def test_a_reply_with_a_length_is_whole_though_the_device_holds_the_line() -> None:
    with device(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n12", stays=True) as (url, heard):
        answer = asked(url)

    assert isinstance(answer, Reply)
    assert heard[1] in {b"", b"hung up"}


@pytest.mark.parametrize(
    ("said", "error", "words"),
    [
        (b"", BrokenReply, "Server disconnected"),
        (b"HTTP/1.1 200 OK\r\nContent-Le", BrokenReply, "Server disconnected"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n12345", BrokenReply, "cut short"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n", BrokenReply, "cut short"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", BrokenReply, "broke"),
        (b"HTTP/1.1 200 OK\r\nA: " + b"a" * 20_000 + b"\r\nContent-Length: 0\r\n\r\n", BrokenReply, "more around"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: " + b"a" * 20_000, BrokenReply, "more around"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + b"a" * 5000, ReplyTooLarge, "larger"),
        (b"HTTP/1.1 101 Other\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", NotAReport, "101"),
    ],
    ids=[
        "nothing",
        "half a head",
        "half a body",
        "half the chunks",
        "no HTTP",
        "a long head",
        "a long trailer",
        "a long body",
        "another protocol",
    ],
)
def test_what_is_no_whole_reply_is_told_from_one(said, error, words) -> None:
    with device(said) as (url, _):
        answer = asked(url)

    assert isinstance(answer, Failure)
    assert type(answer.error) is error
    assert words in answer.error.detail


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n1"], ids=["at once", "amid"])
def test_a_device_that_falls_silent_is_waited_for_no_longer_than_it_may_be(said) -> None:
    with device(said, stays=True) as (url, heard):
        answer = asked(url, ClientLimits(attempts=1, read_s=0.05))

    assert isinstance(answer, Failure)
    assert type(answer.error) is TimedOut
    assert heard[1] in {b"", b"hung up"}


def test_nobody_there_is_no_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
    answer = asked(url)

    assert isinstance(answer, Failure)
    assert type(answer.error) is Unreachable


def test_a_name_that_can_be_none_is_no_connection_and_fails_its_device_alone() -> None:
    answer = asked(f"http://{'a' * 64}.example")

    assert isinstance(answer, Failure)
    assert type(answer.error) is Unreachable
    assert "too long" in answer.error.detail


def test_a_body_that_nobody_takes_waits_at_the_device() -> None:
    body = b"a" * 20_000_000

    async def begin(url: str) -> int:
        wire = Wire()
        request = httpx.Request("GET", url, extensions={"timeout": httpx.Timeout(5).as_dict()})
        response = await wire.handle_async_request(request)
        await asyncio.wait_for(asyncio.to_thread(is_stuck.wait), 5)
        first = len(await anext(aiter(response.stream)))  # type: ignore[arg-type]
        await response.aclose()
        return first

    is_stuck = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            client, _ = server.accept()
            with client:
                client.recv(65536)
                client.settimeout(0.2)
                try:
                    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
                except OSError:
                    is_stuck.set()

        thread = threading.Thread(target=answer)
        thread.start()
        assert asyncio.run(begin(f"http://127.0.0.1:{server.getsockname()[1]}")) < 1_000_000
        thread.join(10)


def test_a_request_says_what_it_must_and_a_line_break_in_a_header_is_not_sent() -> None:
    with device(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") as (url, heard):
        asked(url)
    head = heard[0].decode()
    assert head.startswith("GET /dataloader.cgi?dw=vcalogcsv&")
    assert "time_start=2026-07-18-" in head.partition("\r\n")[0]  # colons as they are
    assert head.endswith("\r\n\r\n")
    for one in ("Host: 127.0.0.1:", "Connection: close", "Accept-Encoding: gzip"):
        assert f"\r\n{one}" in head

    async def send() -> None:
        extensions = {"timeout": httpx.Timeout(1).as_dict()}
        await Wire().handle_async_request(httpx.Request("GET", url, headers={"A": "b\r\nC: d"}, extensions=extensions))

    with pytest.raises(httpx.LocalProtocolError, match="line break"):
        asyncio.run(send())


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `key` and `crt` of a device that is called 127.0.0.1, signed by itself."""
    if OPENSSL is None:
        pytest.skip("openssl is not installed: TLS of devices is not tested here")
    home = tmp_path_factory.mktemp("tls")
    make = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "key"]
    name = ["-out", "crt", "-days", "2", "-subj", "/CN=device", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([OPENSSL, *make, *name], check=True, cwd=home, capture_output=True)
    return home


@pytest.fixture
def by_tls(certified: Path) -> Callable[[], Answer]:
    def ask() -> Answer:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certified / "crt", certified / "key")
        with device(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n12", tls=context) as (url, _):
            return asked(url)

    return ask


def test_a_certificate_that_nobody_vouches_for_is_refused(by_tls) -> None:
    answer = by_tls()

    assert isinstance(answer, Failure)
    assert type(answer.error) is CertificateRefused
    assert answer.attempts == 1


def test_a_device_with_a_certificate_that_is_trusted_answers_by_tls(by_tls, certified, monkeypatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certified / "crt"))
    answer = by_tls()

    assert isinstance(answer, Reply), answer
    assert answer.body == b"12"


def test_plain_http_where_tls_is_asked_for_is_no_connection_to_trust() -> None:
    with device(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n") as (url, _):
        answer = asked(url.replace("http:", "https:"))

    assert isinstance(answer, Failure)
    assert type(answer.error) is CertificateRefused
