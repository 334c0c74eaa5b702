"""The shape of an explanation, as people and machines read it. Put together in answer.py."""

import datetime as dt

from pydantic import BaseModel, ConfigDict

from retail_pipeline.steps.status_report import Instant

Value = bool | int | float | str | Instant | tuple[int, ...] | None
"""A figure; None is unknown, never zero."""

_HOUR = dt.timedelta(hours=1)


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Term(_Part):
    """A number that stands in a working: what it is, and the moment or day that it is of."""

    name: str
    value: Value
    at: Instant | None = None
    day: dt.date | None = None


class Uses(_Part):
    """Which of the `inputs` a figure is made from: lines and regions (`device/number`), intervals that start in it.

    `regions` are those whose stays it takes, `long_stays` those whose long ones, `heat` devices whose heat it is. Where
    `hours` are named, only intervals that start within an hour of one of them.
    """

    lines: tuple[str, ...]
    regions: tuple[str, ...]
    start: Instant
    end: Instant
    long_stays: tuple[str, ...] = ()
    heat: tuple[str, ...] = ()
    hours: tuple[Instant, ...] = ()

    def holds(self, start: dt.datetime) -> bool:
        """Whether an interval that starts then is among them."""
        if not self.start <= start < self.end:
            return False
        return not self.hours or any(hour <= start < hour + _HOUR for hour in self.hours)

    def places(self, report: str) -> tuple[str, ...]:
        """Those of a report."""
        return {"lines": self.lines, "regions": self.regions, "long_stays": self.long_stays, "heat": self.heat}[report]


class Earlier(_Part):
    """What a figure was until `changed_at`, and what changed it: run, replies, and the same in words."""

    value: str | None
    became: str | None
    changed_at: Instant
    run_id: str | None
    reply_ids: tuple[int, ...]
    cause: str


class Figure(_Part):
    """A figure with its definition (of the metric registry), and how it comes about from its `terms`.

    `computed_again` is what the counts and declarations of now come to, as `working` does; it differs from `value`
    until the next derivation. `missing_because` stands where `value` is None.
    """

    metric: str
    table: str
    value: Value
    unit: str
    range: str
    formula: str
    version: str
    source: str
    null_when: str | None
    working: str
    terms: tuple[Term, ...]
    uses: Uses | None
    computed_again: Value
    is_current: bool | None
    missing_because: str | None
    earlier: tuple[Earlier, ...]


class Input(_Part):
    """What a device told of one line or region in one interval, as reported: `inverted` says that IN means OUT.

    It is `in_count` and `out_count`, or `stays`, or `heat`, which is of the device and has no `number`. IN takes people
    from `from_area` to `to_area`. `left_out` says why the row counts for nothing, None where it counts.
    """

    sensor_id: str
    report: str
    number: int | None
    role: str
    from_area: str | None
    to_area: str | None
    zone: str | None
    inverted: bool
    interval_start: Instant
    interval_end: Instant
    in_count: int | None
    out_count: int | None
    stays: int | None
    heat: int | None
    is_complete: bool
    left_out: str | None
    reply_id: int

    @property
    def place(self) -> str:
        """As `Uses` names it."""
        return self.sensor_id if self.number is None else f"{self.sensor_id}/{self.number}"

    @property
    def told(self) -> int | None:
        """IN of a line, stays of a region, heat of a device."""
        return next((one for one in (self.in_count, self.stays, self.heat) if one is not None), None)


class Revised(_Part):
    """A count that a device told otherwise before."""

    sensor_id: str
    column: str
    interval_start: Instant
    value: str | None
    became: str | None
    changed_at: Instant
    reply_id: int | None


class SourceReply(_Part):
    """A stored answer of a device (`device_replies`); `timezone` is the zone of its stamps."""

    reply_id: int
    sensor_id: str
    report: str
    status: int | None
    error_cause: str | None
    received_at: Instant
    window_start: Instant
    window_end: Instant
    timezone: str | None
    sha256: str | None
    bytes: int | None


class Gap(_Part):
    """An hour that a device owed; `state` is open, recovered or lost."""

    sensor_id: str
    report: str
    hour_start: Instant
    state: str
    cause: str
    detail: str | None
    first_seen: Instant
    attempts: int
    next_attempt: Instant | None
    deadline: Instant
    recovered_at: Instant | None
    closed_as_lost_at: Instant | None


class Estimate(_Part):
    """What stands beside an hour that was not measured whole, the method, and how far it was off on this store."""

    entries: float
    exits: float
    method: str
    wape: float | None
    made_from: tuple[Term, ...]


class Explanation(_Part):
    """Everything about the figures of a store's hour or trading day, of a zone in one, of a way (`from:to`) in an hour.

    Also of a zone in an interval, and of the heat of a `device` in one: `period` is hour, day or interval.
    """

    at: Instant
    store_id: str
    store_name: str
    organization_id: str
    timezone: str
    zone: str | None
    way: str | None
    device: str | None
    period: str
    start: Instant
    end: Instant
    trading_day: dt.date
    is_complete: bool | None
    missing_because: str | None
    quality: str | None
    quality_because: str
    removed: tuple[str, ...]
    run_id: str | None
    input_version: Instant | None
    figures: tuple[Figure, ...]
    estimate: Estimate | None
    inputs: tuple[Input, ...]
    replies: tuple[SourceReply, ...]
    gaps: tuple[Gap, ...]
    revised_counts: tuple[Revised, ...]
