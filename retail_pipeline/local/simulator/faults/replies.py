"""Faults in the HTTP reply: its status, its length, its bytes."""

import functools
import gzip

from retail_pipeline.local.simulator.faults.kinds import Options
from retail_pipeline.local.simulator.http import HttpReply

_LOGIN = b"<!DOCTYPE html>\n<html><head><title>Login</title></head><body><form>Password</form></body></html>\n"


def with_status(status: int) -> "functools.partial[HttpReply]":
    """The fault that answers with a status, such as 502 of a router whose port forward is broken."""
    return functools.partial(_answer_status, status)


def _answer_status(status: int, reply: HttpReply, _options: Options) -> HttpReply:
    return reply.changed(status=status, body=f"{status}\n".encode()).with_headers({"Content-Type": "text/plain"})


def too_many_requests(reply: HttpReply, options: Options) -> HttpReply:
    """429, and `Retry-After` in `seconds` (1)."""
    return _answer_status(429, reply, options).with_headers({"Retry-After": str(options.get("seconds", 1))})


def redirect(reply: HttpReply, options: Options) -> HttpReply:
    """302 to `location`, another host, which must not see the credential."""
    location = str(options.get("location", "http://elsewhere.example/login"))
    return _answer_status(302, reply, options).with_headers({"Location": location})


def html_login(reply: HttpReply, _options: Options) -> HttpReply:
    """A login page with status 200."""
    return reply.changed(body=_LOGIN).with_headers({"Content-Type": "text/html"})


def empty_body(reply: HttpReply, _options: Options) -> HttpReply:
    """Status 200 and nothing: no report, which is not a report of nobody."""
    return reply.changed(body=b"")


def truncated_body(reply: HttpReply, options: Options) -> HttpReply:
    """The reply ends after `share` (0.6) of its bytes; it declared no length, so HTTP sees nothing wrong."""
    cut = int(len(reply.body) * float(options.get("share", 0.6)))
    return reply.changed(body=reply.body[:cut], length=-1, is_last=True)


def wrong_content_length(reply: HttpReply, options: Options) -> HttpReply:
    """The reply declares `more` (100) bytes than come."""
    return reply.changed(length=len(reply.body) + int(options.get("more", 100)), is_last=True)


def gzip_bomb(reply: HttpReply, options: Options) -> HttpReply:
    """Zeros, `megabytes` (64) of them, packed to a thousandth."""
    body = _bomb(int(options.get("megabytes", 64)))
    return reply.changed(body=body).with_headers({"Content-Encoding": "gzip"})


def bom(reply: HttpReply, _options: Options) -> HttpReply:
    """A byte order mark before the first column's name."""
    return reply.changed(body=b"\xef\xbb\xbf" + reply.body)


def crlf(reply: HttpReply, _options: Options) -> HttpReply:
    """Lines end as on Windows."""
    return reply.changed(body=reply.body.replace(b"\n", b"\r\n"))


def latin1(reply: HttpReply, _options: Options) -> HttpReply:
    """One more column, whose name and values are not UTF-8."""
    head, *rows = reply.body.decode().rstrip("\n").split("\n")
    text = "\n".join([f"{head},Localização", *(f"{row},Entrée" for row in rows)]) + "\n"
    body = text.encode("latin-1")
    return reply.changed(body=body).with_headers({"Content-Type": "text/csv; charset=iso-8859-1"})


@functools.lru_cache(maxsize=2)
def _bomb(megabytes: int) -> bytes:
    return gzip.compress(b"0" * (megabytes << 20), compresslevel=6)
