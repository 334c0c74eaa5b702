"""What is asked of a device, and what came back. No parsing here; times are UTC."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from zoneinfo import ZoneInfo

from retail_pipeline.devices.errors import DeviceError
from retail_pipeline.fleet.models import Device, Report, Store

LONGEST_WINDOW = dt.timedelta(hours=24)


class Shown(StrEnum):
    """What a device shows of now, whatever the window; the value stands in `device_replies.report`."""

    COUNTERS = "counters"


@dataclass(frozen=True, slots=True)
class Ask:
    """One report of one device over `[start, end)`, at most 24 hours: a device loses what lies beyond.

    A probe is asked once, with short time-outs: does a device that was silent for long answer again?

    Raises:
        ValueError: the window is naive, runs backwards, or is longer than 24 hours.
    """

    store: Store
    device: Device
    report: Report | Shown
    start: dt.datetime
    end: dt.datetime
    is_probe: bool = False

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError(f"{self.device.id} is asked for a window without a zone: {self.start} to {self.end}")
        length = self.end.timestamp() - self.start.timestamp()
        if not 0 < length <= LONGEST_WINDOW.total_seconds():
            raise ValueError(f"{self.device.id} is asked for {self.start} to {self.end}: not within 24 hours")

    @property
    def zone(self) -> ZoneInfo:
        """The zone of the device's wall clock."""
        return self.store.device_zone(self.device)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a device answered with a status of success; `body` is decoded from gzip and otherwise as received.

    `blots` is the number of places where it repeated its credential, which are blotted out. `url` holds no credentials;
    `latency_ms` is that of the whole ask, retries and waits included.
    `device_clock` is the HTTP `Date`; None where the device sends none.
    """

    ask: Ask
    url: str
    status: int
    body: bytes
    received_at: dt.datetime
    latency_ms: float
    device_clock: dt.datetime | None = None
    attempts: int = 1
    blots: int = 0


@dataclass(frozen=True, slots=True)
class Failure:
    """An ask without a report; `attempts` is 0 where nothing was sent.

    `status` and `body` are those of the last answer, None where nothing answered; `blots` as in a reply.
    """

    ask: Ask
    error: DeviceError
    received_at: dt.datetime
    latency_ms: float
    attempts: int
    status: int | None = None
    body: bytes | None = None
    blots: int = 0


@dataclass(frozen=True, slots=True)
class ClientLimits:
    """How many asks run at once, how long they may take (seconds) and how large a reply may be.

    `overall`: a good device answers in three seconds, which is all waiting: a fleet of 4,000 needs no turns. How many
    are begun in a second is up to the machine. `part_s`: so often is what has come handed on while others keep silent,
    and at once when it is `part_answers`.
    """

    overall: int = 4000
    per_host: int = 2
    connect_s: float = 5.0
    read_s: float = 20.0
    total_s: float = 60.0
    probe_connect_s: float = 2.0
    probe_total_s: float = 5.0
    attempts: int = 3
    part_s: float = 10.0
    part_answers: int = 1000
    max_csv_bytes: int = 1 << 20
