"""What a fault can take hold of: a device's setup, a row, the columns, the reply, or the connection itself."""

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from retail_pipeline.local.simulator.clock import DeviceClock
from retail_pipeline.local.simulator.http import HttpReply
from retail_pipeline.local.simulator.table import Row, Table

Options = Mapping[str, Any]


class Setup(NamedTuple):
    """How a device tells time: what its clock shows (UTC as it has it), and the length of its rows.

    `offset` is that clock minus `kept`, the clock that its rows were kept by.
    """

    clock: dt.datetime
    offset: dt.timedelta
    interval_minutes: int
    kept: DeviceClock


class RowPlace(NamedTuple):
    """Where a row stands: the device's clock (UTC as it has it), whether it is the first, and the stamp asked from."""

    clock: dt.datetime
    is_first: bool
    asked_start: dt.datetime


class Wire(NamedTuple):
    """The connection to the client."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


@dataclass(frozen=True)
class SetupFault:
    """Wrong before a report is made."""

    apply: Callable[[Setup, Options], Setup]


@dataclass(frozen=True)
class RowFault:
    """Wrong in single rows of the two CSV reports; may return none or several."""

    apply: Callable[[Row, RowPlace, Options], list[Row]]


@dataclass(frozen=True)
class ColumnFault:
    """Wrong in the columns of the two CSV reports."""

    apply: Callable[[Table, Options], Table]


@dataclass(frozen=True)
class ReplyFault:
    """Wrong in the HTTP reply: status, headers, length or bytes."""

    apply: Callable[[HttpReply, Options], HttpReply]


@dataclass(frozen=True)
class WireFault:
    """Wrong in the connection; does the sending itself. `is_deaf`: strikes before the device asks who calls."""

    apply: Callable[[Wire, HttpReply, Options], Awaitable[None]]
    is_deaf: bool = False


Fault = SetupFault | RowFault | ColumnFault | ReplyFault | WireFault
