"""Blots credentials out of what a device says: an error page may repeat the request, and with it the secret.

Done once, where an answer is made: parsers, tables, checks and alerts never see what was blotted out.
"""

import base64
import html
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from urllib.parse import quote, quote_plus

from retail_pipeline.devices.headers import is_first_cell, is_heading
from retail_pipeline.devices.models import Shown
from retail_pipeline.fleet.models import Report

BLOT = b"***"
SHORT = 4
"""Shorter ones are only blotted out where they stand alone: a user `svc` tears no other word apart."""

_DIGEST_RESPONSE = re.compile(r'\bresponse="?([0-9a-fA-F]+)')
_FIGURE_OR_STAMP = re.compile(rb"[\d\s/:.+-]*")
_COUNTER = re.compile(rb"\s*var\s+current_\w+_count\s*=\s*'-?\d*'\s*;?\s*")
_BETWEEN_CELLS = re.compile(rb"([,\r\n])")

Forms = tuple[bytes, ...]
"""Texts that are blotted out, the longest first."""


def secrets_of(username: str, password: str) -> tuple[str, ...]:
    """What nobody may read of a credential: user, password, and both as HTTP Basic joins them."""
    return username, password, f"{username}:{password}"


def digest_responses(authorization: str) -> list[str]:
    """The answer to a digest challenge in a header that was sent: a weak password can be guessed from it."""
    return _DIGEST_RESPONSE.findall(authorization)


def forms_of(secrets: Collection[str]) -> Forms:
    """Every way in which these texts are written: plain, percent-encoded, escaped for HTML or JSON, in base64."""
    return _ordered(form for secret in secrets if secret for form in _forms(secret))


def _ordered(forms: Iterable[bytes]) -> Forms:
    return tuple(sorted(set(forms), key=len, reverse=True))


def _forms(secret: str) -> Iterator[bytes]:
    texts = {secret, html.escape(secret), html.escape(secret, quote=False), repr(secret)[1:-1]}
    texts |= {quote(secret), quote(secret, safe=""), quote_plus(secret), re.sub(r'(["\\])', r"\\\1", secret)}
    texts |= {re.sub("%[0-9A-F]{2}", lambda code: code[0].lower(), text) for text in texts}
    for encoding in ("utf-8", "latin-1"):
        for text in texts:
            if (written := text.encode(encoding, "ignore")).decode(encoding) == text:
                yield written
        encoded = secret.encode(encoding, "replace")
        yield base64.b64encode(encoded).rstrip(b"=")
        yield base64.urlsafe_b64encode(encoded).rstrip(b"=")


def blot_text(text: str, forms: Forms) -> str:
    """The text without any of the forms."""
    return _blot(text.encode("utf-8", "surrogateescape"), forms)[0].decode("utf-8", "surrogateescape")


def blot_body(body: bytes, forms: Forms, report: Report | Shown) -> tuple[bytes, int]:
    """The body without any of the forms, and in how many places one stood.

    What a report is made of is never touched: a password `1234` and 1,234 people look alike, and so do a user `line1`
    and the heading of a line.
    """
    found = [form for form in forms if form in body]
    if not found or not _is_report(body, report):
        return _blot(body, found)
    within = [form for form in found if not _BETWEEN_CELLS.search(form)]
    body, places = _blot(body, [form for form in found if form not in within])
    parts = [_blot_cell(part, within, report) for part in _BETWEEN_CELLS.split(body)]
    return b"".join(part for part, _ in parts), places + sum(places for _, places in parts)


def _is_report(body: bytes, report: Report | Shown) -> bool:
    if isinstance(report, Shown):
        return True
    first_cell = _BETWEEN_CELLS.split(body.lstrip()[:100])[0]
    return is_first_cell(first_cell.decode("utf-8", "replace"))


def _blot_cell(cell: bytes, forms: Sequence[bytes], report: Report | Shown) -> tuple[bytes, int]:
    if isinstance(report, Shown):
        is_part = _COUNTER.fullmatch(cell) is not None
    else:
        is_part = bool(_FIGURE_OR_STAMP.fullmatch(cell)) or is_heading(cell.decode("utf-8", "replace"), report)
    return (cell, 0) if is_part else _blot(cell, forms)


def _blot(text: bytes, forms: Sequence[bytes]) -> tuple[bytes, int]:
    places = 0
    for form in forms:
        if form in text:
            pattern = re.escape(form) if len(form) >= SHORT else rb"(?<!\w)" + re.escape(form) + rb"(?!\w)"
            text, found = re.subn(pattern, BLOT, text)
            places += found
    return text, places
