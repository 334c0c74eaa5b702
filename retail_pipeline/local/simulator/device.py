"""A simulated device: what it has counted, told with its own clock, stamps and spelling.

What people did belongs in `truth`, the protocol around the report in `server`, what goes wrong in `faults`.
"""

import datetime as dt
import json
import math
from itertools import islice, takewhile
from typing import NamedTuple

from retail_pipeline.fleet.device import HEAT_DAYS
from retail_pipeline.fleet.models import Device, Store
from retail_pipeline.local.simulator.clock import (
    Span,
    WallInterval,
    first_wall_intervals,
    floor_wall,
    merge_repeated,
    wall_intervals,
)
from retail_pipeline.local.simulator.faults.kinds import Setup
from retail_pipeline.local.simulator.scenario import DeviceScenario, RepeatedHour, Window
from retail_pipeline.local.simulator.table import (
    HEAT,
    HEAT_HEADER,
    LINES,
    LINES_HEADER,
    REGIONS_HEADER,
    Row,
    Table,
    figures_of,
)
from retail_pipeline.local.simulator.truth import People, Truth

_HEAT_MINUTES = 15
_MOST_ROWS = 31 * 24 * 12
_SLACK = 60  # rows beyond a day that a merge of repeated ones may use up
_FLOOR_PLAN = (160, 100)


class Asked(NamedTuple):
    """A window in the device's naive wall clock."""

    start: dt.datetime
    end: dt.datetime


class SimulatedDevice:
    """One device of the fleet."""

    def __init__(self, store: Store, device: Device, truth: Truth) -> None:
        self.store, self.device = store, device
        self._truth = truth
        self._zone = store.device_zone(device)

    def asked_span(self, asked: Asked) -> Span:
        """The window in UTC; of repeated stamps all of it."""
        start, end = (wall.replace(tzinfo=self._zone, fold=fold) for fold, wall in enumerate(asked))
        return Span(start.astimezone(dt.UTC), end.astimezone(dt.UTC))

    def report(self, dw: str, asked: Asked, setup: Setup, behaviour: DeviceScenario, longer_than: int = 0) -> Table:
        """The line or region report: past rows, the open one so far, and zeros for rows that have not begun.

        `longer_than` are the seconds beyond which a stay is counted.
        """
        oldest = setup.clock - dt.timedelta(days=self.device.retention_days)
        rows = tuple(
            Row(interval.start, interval.end, span, figures_of(dw, self._counted(interval.spans, setup, longer_than)))
            for interval in self._intervals(asked, setup, behaviour)
            if (span := Span(interval.spans[0].start, interval.spans[-1].end)).end > oldest
        )
        return Table(LINES_HEADER, rows, ", ") if dw == LINES else Table(REGIONS_HEADER, rows, ",")

    def heat(self, asked: Asked, setup: Setup) -> Table:
        """Heat over time: dashes in its dates, ends not inclusive, nothing older than a week or yet to come."""
        rows = []
        oldest = setup.clock - dt.timedelta(days=HEAT_DAYS)
        last = self.asked_span(asked).end
        first = floor_wall(asked.start, _HEAT_MINUTES)
        for start, end, spans in islice(wall_intervals(self._zone, first, _HEAT_MINUTES), _MOST_ROWS):
            if spans[0].start >= min(last, setup.clock):
                break
            if spans[0].start >= oldest:
                span = Span(spans[0].start, spans[-1].end)
                rows.append(Row(start, end, span, figures_of(HEAT, self._counted(spans, setup))))
        return Table(HEAT_HEADER, tuple(rows), ",", "%Y-%m-%d %H:%M:%S", dt.timedelta(0))

    def floor_heat(self) -> str:
        """Heat over the floor as JSON: some 16,000 points, a warm spot for each line."""
        width, height = _FLOOR_PLAN
        spots = [(width * (number - 0.5) / 4, height / 2) for number in self.device.lines or (1,)]
        data = [
            {"x": x, "y": y, "value": round(sum(900 * math.exp(-math.hypot(x - a, y - b) / 12) for a, b in spots))}
            for x in range(width)
            for y in range(height)
        ]
        return json.dumps({"max": max(point["value"] for point in data), "min": 0, "data": data})

    def live_counters(self, setup: Setup, behaviour: DeviceScenario) -> str:
        """People over all lines since the device's midnight, when it resets itself, or since a later reset."""
        local = setup.clock.astimezone(self._zone)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0).astimezone(dt.UTC)
        since = max(midnight, behaviour.counters_reset_at or midnight)
        lines = self._counted((Span(since, setup.clock),), setup).lines
        entered, left = (sum(line[way] for line in lines) for way in (0, 1))
        counts = {"in": entered, "out": left, "sum": entered + left, "capacity": entered - left}
        return "".join(f"var current_{name}_count='{count}';\n" for name, count in counts.items())

    def _intervals(self, asked: Asked, setup: Setup, behaviour: DeviceScenario) -> list[WallInterval]:
        minutes = setup.interval_minutes
        if behaviour.window is Window.IGNORES_END:
            rows = 24 * 60 // minutes
            known = first_wall_intervals(self._zone, floor_wall(asked.start, 60), minutes, rows + _SLACK)
            return self._as_kept(list(known), behaviour)[:rows]
        last = self.asked_span(asked).end
        endless = wall_intervals(self._zone, floor_wall(asked.start, minutes), minutes)
        some = takewhile(lambda interval: interval.spans[0].start < last, islice(endless, _MOST_ROWS))
        return self._as_kept([interval for interval in some if interval.start < asked.end], behaviour)

    @staticmethod
    def _as_kept(intervals: list[WallInterval], behaviour: DeviceScenario) -> list[WallInterval]:
        return merge_repeated(intervals) if behaviour.repeated_hour is RepeatedHour.ONE_ROW else intervals

    def _counted(self, spans: tuple[Span, ...], setup: Setup, longer_than: int = 0) -> People:
        """People that the device has counted under these stamps, when its clock showed them."""
        people = People()
        stopped = setup.clock - setup.offset if setup.clock - setup.offset < setup.kept.now() else None
        for start, end in spans:
            shown = Span(start - setup.offset, end - setup.offset)
            shown = shown if stopped is None else Span(shown.start, min(shown.end, stopped))
            for true in setup.kept.true_spans(shown):
                people = people + self._truth.people(self.device, self.store, true, longer_than)
        return people
