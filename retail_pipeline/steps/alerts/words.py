"""What is told: incidents that share something become one message. Pure, no I/O; no message holds a secret."""

import datetime as dt
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from retail_pipeline.devices.blotting import blot_text, forms_of
from retail_pipeline.fleet.models import Fleet
from retail_pipeline.steps.alerts.faults import Kind

PIPELINE = "Pipeline"
SHOWN = 10
APART = 3
"""So many hosts or credentials may fail for one cause and be told apart; with more, the cause is the incident."""

LONGEST_DETAIL = 300
ADVICE = {
    "unreachable": "See to power and network of the device, and to the port forwarding in front of it.",
    "refused": "See to user and password in RETAIL_CREDENTIAL_<NAME>_USERNAME and _PASSWORD.",
    "not_a_report": "Open the device's page in a browser: a login page or a redirect answers instead of it.",
    "undelivered": "See to the addresses in RETAIL_REPORT_URLS_<NAME>, and to the service behind them.",
    "malformed": "See rejected_rows and device_replies for what the device said.",
}
_USERINFO = re.compile(r"(\w://)[^\s/@]+@")
_PASSWORD = re.compile(r"(?i)\b(password|passwd|pwd|token|secret|api_?key)(\s*[=:]\s*)\S+")


@dataclass(frozen=True)
class Incident:
    """A row of `incidents` that is to be told; over when `closed_at` is not None."""

    incident_id: int
    kind: str
    subject: str
    organization_id: str | None
    store_id: str | None
    cause: str
    shared: str | None
    detail: str
    since: dt.datetime
    closed_at: dt.datetime | None

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self.closed_at is not None


@dataclass(frozen=True)
class Message:
    """A title, a few lines, and the incidents that they are about."""

    title: str
    body: str
    is_over: bool
    incident_ids: tuple[int, ...]


def without_secrets(text: str, secrets: Collection[str]) -> str:
    """The text on one line, without these values however written, without users in URLs, and not too long."""
    text = blot_text(text, forms_of(secrets))
    text = _PASSWORD.sub(r"\1\2***", _USERINFO.sub(r"\1***@", " ".join(text.split())))
    return text if len(text) <= LONGEST_DETAIL else f"{text[:LONGEST_DETAIL]} ..."


def pipeline(location: str) -> str:
    """Whom a message is about that is about no organisation; where there are several code locations, which."""
    return f"{PIPELINE} {location}" if location else PIPELINE


def messages(incidents: Sequence[Incident], fleet: Fleet, location: str = "") -> list[Message]:
    """One message per group that shares organisation, kind, cause and host or credential; what is over comes last."""
    names = {one.id: one.name for one in fleet.organizations}
    return [_message(group, names, pipeline(location)) for group in _groups(incidents)]


def _groups(incidents: Sequence[Incident]) -> Iterator[list[Incident]]:
    ordered = sorted(incidents, key=lambda one: (_alike(one), one.shared or "", one.incident_id))
    for _, alike in groupby(ordered, key=_alike):
        found = list(alike)
        apart = [list(group) for _, group in groupby(found, key=lambda one: one.shared)]
        yield from apart if len(apart) <= APART else [found]


def _alike(one: Incident) -> tuple[bool, str, str, str]:
    return one.is_over, one.organization_id or "", one.kind, one.cause


def _message(group: Sequence[Incident], names: Mapping[str, str], nobody: str) -> Message:
    first = group[0]
    owner = names.get(first.organization_id or "", first.organization_id or nobody)
    title = f"{owner}: {_headline(group)}"
    return Message(
        title=f"Over: {title}" if first.is_over else title,
        body="\n".join(_lines(group)),
        is_over=first.is_over,
        incident_ids=tuple(one.incident_id for one in group),
    )


def _headline(group: Sequence[Incident]) -> str:
    """The same words when it is over: why it is over, a repair or a device that is asked no more, is not known here."""
    first, is_one = group[0], len(group) == 1
    what = first.subject if is_one else _count(group)
    match Kind(first.kind):
        case Kind.DEVICE:
            return f"{what} {'does' if is_one else 'do'} not answer"
        case Kind.CHECK:
            return f"{first.cause} of {first.store_id if is_one else what} is unhealthy"
        case Kind.FRESHNESS:
            return f"{what} {'is' if is_one else 'are'} out of date"
        case Kind.RUN:
            return f"{what} {'fails' if is_one else 'fail'}"
        case Kind.REPORT:
            return f"reports do not reach {what}"


def _count(group: Sequence[Incident]) -> str:
    nouns = {
        Kind.DEVICE: "devices",
        Kind.CHECK: "stores",
        Kind.FRESHNESS: "tables",
        Kind.RUN: "jobs",
        Kind.REPORT: "recipients",
    }
    shared = sorted({one.shared for one in group if one.shared})
    kinds = sorted({place.split()[0] for place in shared})
    where = f" on {shared[0]}" if len(shared) == 1 else f" on {len(shared)} {kinds[0]}s" if len(kinds) == 1 else ""
    return f"{len(group)} {nouns[Kind(group[0].kind)]}{where}"


def _lines(group: Sequence[Incident]) -> Iterator[str]:
    first = group[0]
    if first.is_over:
        yield from (f"- {_subject(one)}: {_span(one)}" for one in group[:SHOWN])
    else:
        yield from (f"- {_subject(one)}: {one.detail} (since {one.since:%Y-%m-%d %H:%M} UTC)" for one in group[:SHOWN])
    if len(group) > SHOWN:
        yield f"- and {len(group) - SHOWN} more"
    if not first.is_over and first.cause in ADVICE:
        yield ADVICE[first.cause]
    if first.is_over and first.kind == Kind.DEVICE:
        yield "Hours that were missed are collected as long as the devices remember them."
    if not first.is_over:
        yield "`retail-pipeline status` shows everything."


def _subject(one: Incident) -> str:
    return f"{one.subject} ({one.store_id})" if one.kind == Kind.DEVICE else one.subject


def _span(one: Incident) -> str:
    return f"from {one.since:%Y-%m-%d %H:%M} to {one.closed_at:%Y-%m-%d %H:%M} UTC" if one.closed_at else ""
