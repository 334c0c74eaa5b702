"""`retail-pipeline status`: looks, shows, and looks again when asked to."""

import datetime as dt
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Self

import dagster as dg
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from retail_pipeline.fleet.load import FleetError
from retail_pipeline.local.shared import SharedServerError
from retail_pipeline.resources.dagster_storage import retail_instance
from retail_pipeline.resources.fleet_file import load_declared_fleet
from retail_pipeline.resources.recent_runs import RECORDS_ARE_AWAY, recent_runs
from retail_pipeline.resources.supabase_postgres import open_warehouse
from retail_pipeline.steps.status import gather_status
from retail_pipeline.steps.status_report import RunStatus, Status
from retail_pipeline.terminal.status_page import page
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.errors import WarehouseError

PASSES = (WarehouseError, SharedServerError, FleetError)
"""What a watcher sits out: a database that restarts, a fleet file that is being edited."""

REFRESH_S = 5.0


def show_status(console: Console, *, watch: bool, as_json: bool) -> int:
    """Show how the pipeline is; with `watch` until Ctrl-C. Returns 0 when the last look was healthy, else 1.

    Raises:
        ConfigurationError: a `RETAIL_*` variable is wrong.
        FleetError: the fleet file is missing or wrong; while watching, it is shown and tried again.
        WarehouseError: the warehouse can't be read; while watching, it is shown and tried again.
    """
    with Onlooker() as onlooker:
        if watch:
            return _watch(console, onlooker.look, threading.Event().wait, as_json=as_json)
        status = onlooker.look()
        if as_json:
            _print_json(console, status, indent=2)
        else:
            console.print(page(status, console))
        return 0 if status.is_healthy else 1


class Onlooker:
    """Looks at the warehouse and at Dagster's records; what went away is opened anew at the next look."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._warehouse: Warehouse | None = None
        self._instance: dg.DagsterInstance | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def look(self) -> Status:
        """How everything is now."""
        self._warehouse = self._warehouse or self._stack.enter_context(open_warehouse())
        try:
            return gather_status(load_declared_fleet(), self._warehouse, self._runs(), dt.datetime.now(dt.UTC))
        except WarehouseError:
            self._warehouse = None
            raise

    def _runs(self) -> list[RunStatus] | None:
        try:
            self._instance = self._instance or self._stack.enter_context(retail_instance())
        except RECORDS_ARE_AWAY:
            return None
        return recent_runs(self._instance)


def _watch(console: Console, look: Callable[[], Status], pause: Callable[[float], object], *, as_json: bool) -> int:
    """Look every few seconds until interrupted; as JSON, one document a line."""
    code = 1
    with _screen(console) as show:
        try:
            while True:
                try:
                    status = look()
                except PASSES as error:
                    code = 1
                    _show_trouble(show, error, as_json=as_json)
                else:
                    code = 0 if status.is_healthy else 1
                    if as_json:
                        _print_json(console, status, indent=None)
                    else:
                        show(page(status, console))
                pause(REFRESH_S)
        except KeyboardInterrupt:
            return code


@contextmanager
def _screen(console: Console) -> Iterator[Callable[[RenderableType], None]]:
    """Shows one page after another: in place on a terminal, else one below the other."""
    if not console.is_terminal:
        yield console.print
        return
    with Live(console=console, auto_refresh=False) as live:
        yield lambda shown: live.update(shown, refresh=True)


def _show_trouble(show: Callable[[RenderableType], None], error: Exception, *, as_json: bool) -> None:
    if as_json:
        Console(stderr=True).print(str(error), style="red", markup=False, highlight=False)
    else:
        again = Text(f"Looking again every {REFRESH_S:.0f} seconds. Ctrl-C ends.", style="dim")
        show(Group(Text(str(error), style="red"), again))


def _print_json(console: Console, status: Status, indent: int | None) -> None:
    """As it stands: no colours and no line breaks of the terminal's width, whoever reads it."""
    console.file.write(status.model_dump_json(indent=indent) + "\n")
    console.file.flush()
