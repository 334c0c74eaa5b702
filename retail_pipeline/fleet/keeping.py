"""How long each table of the warehouse keeps its rows, and what an organisation may say of it. No SQL, no clock."""

import datetime as dt
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import BeforeValidator, model_validator

from retail_pipeline.fleet.layout import Declared
from retail_pipeline.fleet.problems import Problem, refuse

_WRITTEN = re.compile(r"([1-9]\d{0,3}) ?(d|days?|w|weeks?|m|months?|y|years?)")
_FOR_EVER = ("forever", "for ever")


class Age(NamedTuple):
    """A time that rows are kept, in calendar months and days."""

    months: int = 0
    days: int = 0

    def before(self, now: dt.datetime) -> dt.datetime:
        """The instant so long before `now`; a month that is too short gives its last day."""
        months = now.year * 12 + now.month - 1 - self.months
        first_of_next = dt.date((months + 1) // 12, (months + 1) % 12 + 1, 1)
        last = (first_of_next - dt.timedelta(days=1)).day
        return now.replace(year=months // 12, month=months % 12 + 1, day=min(now.day, last)) - dt.timedelta(self.days)

    @property
    def least_days(self) -> int:
        """The fewest days that it comes to in any year."""
        return self.months // 12 * 365 + self.months % 12 * 30 - bool(self.months % 12) * 2 + self.days

    def __str__(self) -> str:
        if not self.months:
            return f"{self.days} days"
        return f"{self.months} months" if self.months % 12 or self.months == 12 else f"{self.months // 12} years"


def _read_age(written: object) -> object:
    if isinstance(written, Age) or written is None:
        return written
    if written in _FOR_EVER:
        return None
    found = _WRITTEN.fullmatch(str(written))
    if not found:
        raise ValueError("is a time such as 90 days, 13 months, 3 years or forever")
    number, unit = int(found[1]), found[2][0]
    return Age(days=number * (7 if unit == "w" else 1)) if unit in "dw" else Age(number * (12 if unit == "y" else 1))


KeptFor = Annotated[Age | None, BeforeValidator(_read_age)]
"""None: for ever."""

REPLIES, COUNTS, HOURS, DAYS = "device_replies", "raw_sensor_counts", "hourly_analytics", "daily_summaries"
SHORTEST_REPLIES = Age(days=7)


class Keep(Declared):
    """How long an organisation's rows are kept; each key is a table, and those that are kept as long go with it.

    What explains a figure goes before the figure: a reply kept longer than its counts would bring them back when it is
    read again.
    """

    device_replies: KeptFor = Age(days=90)
    raw_sensor_counts: KeptFor = Age(months=13)
    hourly_analytics: KeptFor = Age(months=36)
    daily_summaries: KeptFor = None

    def age(self, kept_as: str) -> Age | None:
        """How long the tables of `kept_as`, one of the four keys, are kept; None: for ever."""
        found: Age | None = getattr(self, kept_as)
        return found

    @model_validator(mode="after")
    def _what_explains_goes_first(self) -> Self:
        refuse(self._problems())
        return self

    def _problems(self) -> Iterator[Problem]:
        if self.device_replies and self.device_replies.least_days < SHORTEST_REPLIES.days:
            yield Problem((REPLIES,), f"is {SHORTEST_REPLIES} or more: rows in quarantine go with their reply")
        for first, then in pairwise((REPLIES, COUNTS, HOURS, DAYS)):
            if is_shorter(self.age(then), self.age(first)):
                sentence = f"is kept {in_words(self.age(then))}, shorter than {first} ({in_words(self.age(first))})"
                yield Problem((then,), f"{sentence}: what explains a figure goes before the figure")


def is_shorter(age: Age | None, than: Age | None) -> bool:
    """Whether rows of `age` go before those that are kept as long as `than`."""
    return age is not None and (than is None or age.least_days < than.least_days)


def in_words(age: Age | None) -> str:
    """The time as a person would say it."""
    return "for ever" if age is None else str(age)


class Rule(NamedTuple):
    """How a table is kept: as long as `kept_as`, by the age of `column` (an instant, or a store's local day).

    Without `kept_as` nothing is removed because it is old. `owner` names whose the row is: the limit is its own.
    """

    table: str
    kept_as: str | None = None
    column: str | None = None
    is_local_day: bool = False
    owner: Literal["store_id", "organization_id"] = "store_id"


RULES = (
    Rule("rejected_rows", REPLIES, "seen_at"),
    Rule("device_replies", REPLIES, "received_at"),
    Rule("rejected_transactions", REPLIES, "seen_at"),
    Rule("live_counters", REPLIES, "observed_at"),
    Rule("zone_occupancy_snapshots", REPLIES, "observed_at"),
    Rule("pipeline_health", REPLIES, "checked_at"),
    Rule("raw_sensor_counts", COUNTS, "interval_start"),
    Rule("regional_counts", COUNTS, "interval_start"),
    Rule("long_stay_counts", COUNTS, "interval_start"),
    Rule("device_heat", COUNTS, "interval_start"),
    Rule("virtual_region_occupancy", COUNTS, "interval_start"),
    Rule("derivation_attempts", COUNTS, "trading_day", is_local_day=True),
    Rule("store_reports", COUNTS, "trading_day", is_local_day=True),
    Rule("organization_reports", COUNTS, "trading_day", is_local_day=True, owner="organization_id"),
    Rule("report_deliveries", COUNTS, "trading_day", is_local_day=True),
    Rule("overview_deliveries", COUNTS, "trading_day", is_local_day=True, owner="organization_id"),
    Rule("incidents", COUNTS, "closed_at"),
    Rule("hourly_analytics", HOURS, "hour_start"),
    Rule("zone_hours", HOURS, "hour_start"),
    Rule("zone_flows", HOURS, "hour_start"),
    Rule("queue_alerts", HOURS, "hour_start"),
    Rule("staffing_hours", HOURS, "local_date", is_local_day=True),
    Rule("transactions", HOURS, "hour_start"),
    Rule("collection_gaps", HOURS, "hour_start"),
    Rule("revisions", HOURS, "changed_at"),
    Rule("daily_summaries", DAYS, "trading_day", is_local_day=True),
    # One row per thing that is, and not per time at which it was.
    *map(Rule, ("organizations", "stores", "sensors", "lines", "regions", "zones", "memberships")),
    *map(Rule, ("device_health", "heat_maps", "kept_since")),
)
"""Every table of schema `retail`."""
