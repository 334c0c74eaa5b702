"""When faults strike, and in which order they are applied. What each does belongs in `faults`."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from retail_pipeline.local.simulator.clock import Span
from retail_pipeline.local.simulator.faults import FAULTS, ColumnFault, ReplyFault, RowFault, SetupFault, WireFault
from retail_pipeline.local.simulator.faults.kinds import RowPlace, Setup
from retail_pipeline.local.simulator.http import HttpReply
from retail_pipeline.local.simulator.scenario import FaultSpec
from retail_pipeline.local.simulator.table import Row, Table

_ORDER = {name: at for at, name in enumerate(FAULTS)}


class Striker:
    """Decides for one device which of its faults strike a request; counts requests for `every` and `times`."""

    def __init__(self) -> None:
        self._met: Counter[str] = Counter()
        self._struck: Counter[str] = Counter()

    def strike(self, faults: Iterable[FaultSpec], dw: str, span: Span | None, now: dt.datetime) -> list[FaultSpec]:
        """The faults that strike, in the order to apply them. `span`: UTC hours asked for; None: none."""
        struck = []
        for fault in sorted(faults, key=lambda fault: _ORDER[fault.name]):
            is_meant = (not fault.dw or dw in fault.dw) and fault.is_time(now)
            if is_meant and (span is None or fault.is_asked(span)) and self._is_turn(fault):
                struck.append(fault)
        return struck

    def _is_turn(self, fault: FaultSpec) -> bool:
        key = fault.model_dump_json()
        self._met[key] += 1
        is_turn = self._met[key] % fault.every == 0 and (fault.times is None or self._struck[key] < fault.times)
        self._struck[key] += is_turn
        return is_turn


def deaf_fault(faults: Iterable[FaultSpec], now: dt.datetime) -> FaultSpec | None:
    """The fault that keeps a device from asking who calls: one of the connection, and without limits on requests."""
    for fault in faults:
        kind = FAULTS[fault.name]
        is_plain = not (fault.is_limited or fault.dw or fault.asked_from or fault.asked_until)
        if isinstance(kind, WireFault) and kind.is_deaf and is_plain and fault.is_time(now):
            return fault
    return None


def with_setup_faults(setup: Setup, struck: Sequence[FaultSpec]) -> Setup:
    """The device's clock and settings as the faults leave them."""
    for fault in struck:
        if isinstance(kind := FAULTS[fault.name], SetupFault):
            options: dict[str, Any] = {"at": fault.wall_from, **fault.options}
            setup = kind.apply(setup, options)
    return setup


def with_table_faults(table: Table, struck: Sequence[FaultSpec], clock: dt.datetime, start: dt.datetime) -> Table:
    """The report as the faults leave it: its rows first, then its columns. `start` is the naive stamp asked from."""
    for fault in struck:
        if isinstance(kind := FAULTS[fault.name], RowFault):
            table = table._replace(rows=_with_row_fault(table.rows, kind, fault, (clock, start)))
    for fault in struck:
        if isinstance(kind := FAULTS[fault.name], ColumnFault):
            table = kind.apply(table, fault.options)
    return table


def with_reply_faults(reply: HttpReply, struck: Sequence[FaultSpec]) -> HttpReply:
    """The reply as the faults leave it."""
    for fault in struck:
        if isinstance(kind := FAULTS[fault.name], ReplyFault):
            reply = kind.apply(reply, fault.options)
    return reply


def _with_row_fault(
    rows: tuple[Row, ...], kind: RowFault, fault: FaultSpec, moment: tuple[dt.datetime, dt.datetime]
) -> tuple[Row, ...]:
    changed: list[Row] = []
    for at, row in enumerate(rows):
        place = RowPlace(moment[0], at == 0, moment[1])
        changed += kind.apply(row, place, fault.options) if fault.is_asked(row.span) else [row]
    return tuple(changed)
