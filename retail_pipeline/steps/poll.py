"""What a poll brought, read: answers parsed, rows placed in local hours, troubles told. Nothing is written here."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from retail_pipeline.devices.client import Answer
from retail_pipeline.devices.errors import DeviceError
from retail_pipeline.devices.models import Failure, Reply
from retail_pipeline.devices.parse import Parsed, parse_replies
from retail_pipeline.fleet.models import Report, Store
from retail_pipeline.frames.declared import is_live
from retail_pipeline.frames.local_time import store_hours, with_hours
from retail_pipeline.steps.account import Trouble
from retail_pipeline.steps.asking import OPEN_HOUR_MINIMUM_AGE, WantedHour
from retail_pipeline.steps.spans import bounds

PAD = dt.timedelta(days=1)
UTC_TIME = pl.Datetime("us", "UTC")
DEVICE_ANSWERS = {
    "sensor_id": pl.String(),
    "store_id": pl.String(),
    "organization_id": pl.String(),
    "at": UTC_TIME,
    "is_ok": pl.Boolean(),
    "error": pl.String(),
    "clock_skew_seconds": pl.Float64(),
}


@dataclass(frozen=True)
class Poll:
    """Everything known between asking and writing; `rows` carry their local hour and their partition's UTC hour."""

    report: Report
    wanted: Sequence[WantedHour]
    answers: Sequence[Answer]
    parsed: Parsed
    rows: pl.DataFrame
    troubles: Sequence[Trouble]
    busy: AbstractSet[str]
    now: dt.datetime

    @property
    def came(self) -> int:
        """Number of replies, readable or not."""
        return sum(isinstance(answer, Reply) for answer in self.answers)

    @property
    def skews(self) -> dict[int, float | None]:
        """Seconds by which the device's clock was ahead of UTC, by position among the answers; None: not known."""
        replies = (position for position, answer in enumerate(self.answers) if isinstance(answer, Reply))
        return {position: self.parsed.skew.get(index) for index, position in enumerate(replies)}

    @property
    def clocks(self) -> dict[str, float]:
        """Seconds by which clocks were ahead of UTC, by device, as far as they were told in this poll."""
        told = {self.answers[position].ask.device.id: skew for position, skew in self.skews.items()}
        return {sensor_id: skew for sensor_id, skew in told.items() if skew is not None}

    @property
    def swallowed(self) -> pl.DataFrame:
        """`sensor_id`, `store_id`, `hour_start` of the stores' hours that a clock change took."""
        taken = self.parsed.clock_gaps
        if taken.is_empty():
            return taken.rename({"interval_start": "hour_start"})
        stores = list({answer.ask.store.id: answer.ask.store for answer in self.answers}.values())
        first, last = bounds(taken, "interval_start", "interval_start")
        placed = with_hours(taken, store_hours(stores, first - PAD, last + PAD))
        return placed.select("sensor_id", "store_id", "hour_start").unique(maintain_order=True)

    def reply_ids(self, ids: Sequence[int]) -> pl.DataFrame:
        """`reply_index` (among the replies) with its `reply_id` and `collected_at`."""
        came = [(one, answer) for one, answer in zip(ids, self.answers, strict=True) if isinstance(answer, Reply)]
        return pl.DataFrame(
            [(index, reply_id, answer.received_at) for index, (reply_id, answer) in enumerate(came)],
            schema={"reply_index": pl.Int64(), "reply_id": pl.Int64(), "collected_at": UTC_TIME},
            orient="row",
        )

    def device_answers(self) -> pl.DataFrame:
        """One row per answer for the health of devices: a reply that is no report counts as an error."""
        skews, failures = self.skews, self._failures()
        rows = [
            (
                *(answer.ask.device.id, answer.ask.store.id, answer.ask.store.organization, answer.received_at),
                *(position not in failures, failures.get(position), skews.get(position)),
            )
            for position, answer in enumerate(self.answers)
        ]
        return pl.DataFrame(rows, schema=DEVICE_ANSWERS, orient="row")

    @property
    def unread(self) -> dict[int, DeviceError]:
        """Replies that turned out to be no report, by position among the answers."""
        replies = [position for position, answer in enumerate(self.answers) if isinstance(answer, Reply)]
        return {replies[index]: error for index, error in self.parsed.failures.items()}

    @cached_property
    def quarantined(self) -> Counter[str]:
        """Rows that were refused, by store."""
        store_of = {answer.ask.device.id: answer.ask.store.id for answer in self.answers}
        return Counter(store_of[sensor_id] for sensor_id in self.parsed.rejected["sensor_id"])

    @cached_property
    def padding(self) -> Counter[str]:
        """Rows of zeros that were dropped, because their hour has not come, by store."""
        replies = [answer for answer in self.answers if isinstance(answer, Reply)]
        dropped: Counter[str] = Counter()
        for index, rows in self.parsed.padding.items():
            dropped[replies[index].ask.store.id] += rows
        return dropped

    def _failures(self) -> dict[int, str]:
        unread = {position: str(error) for position, error in self.unread.items()}
        failed = {n: str(answer.error) for n, answer in enumerate(self.answers) if isinstance(answer, Failure)}
        return failed | unread


def read_answers(
    report: Report,
    wanted: Sequence[WantedHour],
    answers: Sequence[Answer],
    last_skews: Mapping[str, float],
    busy: AbstractSet[str],
    now: dt.datetime,
) -> Poll:
    """Parse what came. Hours that are not live yet, or began less than ten minutes ago, are left out."""
    came = [answer for answer in answers if isinstance(answer, Reply)]
    parsed = parse_replies(came, last_skews)
    troubles = [_trouble(answer, answer.error) for answer in answers if isinstance(answer, Failure)]
    troubles += [_trouble(came[index], error) for index, error in parsed.failures.items()]
    stores = list({one.store.id: one.store for one in wanted}.values())
    return Poll(report, wanted, answers, parsed, _placed(parsed.rows, stores, now), troubles, busy, now)


def _trouble(answer: Answer, error: DeviceError) -> Trouble:
    ask = answer.ask
    return Trouble(ask.device.id, ask.start, ask.end, error.cause, error.detail)


def _placed(rows: pl.DataFrame, stores: Sequence[Store], now: dt.datetime) -> pl.DataFrame:
    start, end = (now, now) if rows.is_empty() else bounds(rows, "interval_start", "interval_start")
    hours = store_hours(stores, start - PAD, end + PAD)
    live = pl.DataFrame(
        [(store.id, store.live_since) for store in stores],
        schema={"store_id": pl.String(), "live_since": pl.Date()},
        orient="row",
    )
    return (
        with_hours(rows, hours)
        .join(live, on="store_id")
        .filter(is_live(), pl.col("hour_start") + OPEN_HOUR_MINIMUM_AGE <= now)
        .with_columns(pl.col("hour_start").dt.truncate("1h").alias("partition_hour"))
    )
