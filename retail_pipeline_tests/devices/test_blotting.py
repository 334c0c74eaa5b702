"""A device that repeats its credential: nothing of it is left in an answer, and no figure is touched for it."""

import base64
import html
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

import httpx
import pytest

from retail_pipeline.devices.auth import env_credentials
from retail_pipeline.devices.blotting import blot_body, blot_text, forms_of, secrets_of
from retail_pipeline.devices.client import fetch_all
from retail_pipeline.devices.models import ClientLimits, Failure, Reply, Shown
from retail_pipeline.devices.parse import parse_replies
from retail_pipeline.fleet.models import Report
from retail_pipeline_tests.devices.test_client import an_ask

USER, PASSWORD = "svc-rather-secret", 'p@ss/w"rd&<é>, 7'
BOTH = f"{USER}:{PASSWORD}"
SECRETS = {"RETAIL_CREDENTIAL_SHOPS_USERNAME": USER, "RETAIL_CREDENTIAL_SHOPS_PASSWORD": PASSWORD}
BASIC = base64.b64encode(BOTH.encode()).decode()
HEADER = "StartTime, EndTime, Tolal - In, Tolal - Out, Tolal - Sum, " + ", ".join(
    f"Line{n} - {way}" for n in (1, 2, 3, 4) for way in ("In", "Out", "Sum")
)
ROW = "2026/07/18 10:00:00,2026/07/18 10:59:59,1234,8,1242,1234,8,1242,0,0,0,0,0,0,0,0,0"


def asked(handler, **declared):
    ask = an_ask(credential="SHOPS", **declared)
    limits = ClientLimits(total_s=5.0, attempts=1)
    [answer] = fetch_all([ask], env_credentials(SECRETS), limits, httpx.MockTransport(handler) if handler else None)
    return answer


@pytest.mark.parametrize(
    "form",
    [
        USER,
        PASSWORD,
        quote(PASSWORD),
        quote(PASSWORD, safe="").lower(),
        html.escape(PASSWORD),
        PASSWORD.encode("latin-1"),
        f"http://{quote(USER)}:{quote(PASSWORD, safe='')}@sensor.example/",
        f"Basic {BASIC}",
        base64.b64encode(PASSWORD.encode()).decode(),
        base64.urlsafe_b64encode(BOTH.encode()).decode(),
    ],
    ids=["user", "password", "quoted", "quoted in small", "HTML", "Latin-1", "URL", "Basic", "base64", "URL-safe"],
)
def test_every_form_of_a_credential_is_blotted_out_and_counted(form) -> None:
    written = form if isinstance(form, bytes) else form.encode()
    answer = asked(lambda _: httpx.Response(404, content=b"<p>You sent " + written + b" today</p>"))

    assert isinstance(answer, Failure)
    assert answer.body is not None
    assert written not in answer.body
    assert answer.body.startswith(b"<p>You sent ")
    assert answer.body.endswith(b" today</p>")
    assert answer.blots >= 1


def test_the_answer_to_a_digest_challenge_is_a_secret_too() -> None:
    sent = []

    def handler(request: httpx.Request) -> httpx.Response:
        sent.append(request.headers.get("Authorization", ""))
        challenge = {"WWW-Authenticate": 'Digest realm="r", nonce="n", qop="auth"'}
        return httpx.Response(401, headers=challenge, content=f"You said {sent[-1]}".encode())

    answer = asked(handler, auth="digest")

    proof = sent[-1].split('response="')[1].split('"')[0]
    assert isinstance(answer, Failure)
    assert answer.body is not None
    assert proof.encode() not in answer.body
    assert USER.encode() not in answer.body


def test_an_error_does_not_quote_what_a_reply_begins_with() -> None:
    answer = asked(lambda _: httpx.Response(200, content=f"{USER[:10]}{USER} {PASSWORD}".encode()))

    assert isinstance(answer, Reply)
    [error] = parse_replies([answer]).failures.values()
    assert USER not in repr(error)
    assert "***" in str(error)


def test_an_encoding_that_is_a_secret_is_not_named() -> None:
    answer = asked(lambda _: httpx.Response(200, headers={"Content-Encoding": "x" * 30 + USER}, content=b"x"))

    assert isinstance(answer, Failure)
    assert USER[:8] not in repr(answer.error)


@pytest.mark.parametrize(
    "said",
    [
        f"HTTP/1.1 ab {BASIC}\r\n\r\n",
        f"{BOTH}\r\n\r\n",
        f"HTTP/1.1 200 OK\r\nContent-Length: {BASIC}\r\n\r\n",
        f"HTTP/1.1 200 OK\r\nA: {BASIC * 1000}\r\n\r\n",
        f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz {BASIC}\r\n",
    ],
    ids=["status", "no HTTP at all", "length", "a long header", "chunk"],
)
def test_what_is_not_http_is_told_without_quoting_it(said) -> None:
    with says(said.encode()) as url:
        answer = asked(None, url=url)

    assert isinstance(answer, Failure)
    assert answer.error.cause == "unreachable"
    assert answer.error.__cause__ is None
    assert BASIC[:12] not in repr(answer.error)
    assert USER[:8] not in repr(answer.error)


def test_figures_stamps_and_headings_are_never_taken_for_a_secret() -> None:
    report = f"{HEADER}\n{ROW}\n".encode()

    for user, password in (("Line1", "1234"), ("In", "2026"), ("EndTime", "10:00:00"), ("StartTime", "0")):
        assert blot_body(report, forms_of(secrets_of(user, password)), Report.LINES) == (report, 0)


def test_a_report_loses_a_secret_in_a_cell_of_its_own_and_nothing_else() -> None:
    report = f"{HEADER}, 1234 for svc\n{ROW},you are svc 1234\n".encode()

    body, blots = blot_body(report, forms_of(secrets_of("svc", "1234")), Report.LINES)

    assert body.decode() == f"{HEADER}, *** for ***\n{ROW},you are *** ***\n"
    assert blots == 4


def test_a_short_secret_tears_no_word_apart() -> None:
    assert blot_text("as svc into the svcroom", forms_of(["svc"])) == "as *** into the svcroom"


def test_without_a_secret_nothing_is_touched() -> None:
    answer = asked(lambda _: httpx.Response(200, content=f"{HEADER}\n{ROW}\n".encode()))

    assert isinstance(answer, Reply)
    assert answer.body == f"{HEADER}\n{ROW}\n".encode()
    assert answer.blots == 0


@contextmanager
def says(reply: bytes) -> Iterator[str]:
    """A device that answers every request with these bytes; its address."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            client, _ = server.accept()
            with client:
                client.recv(65536)
                client.sendall(reply)

        thread = threading.Thread(target=answer)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        thread.join(10)


def test_counters_keep_figures_that_look_like_a_secret_and_nothing_else_does() -> None:
    shown = b"var current_in_count='1234';\r\nvar current_out_count='8';\r\nvar password='1234';\r\n"

    assert blot_body(shown, forms_of(["1234", "count"]), Shown.COUNTERS) == (
        shown.replace(b"password='1234", b"password='***"),
        1,
    )
    page = b"<p>1234, or else</p>"
    assert blot_body(page, forms_of(["1234, or"]), Shown.COUNTERS) == (b"<p>*** else</p>", 1)
