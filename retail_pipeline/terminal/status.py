"""`retail-pipeline status`: the live monitor."""

import datetime as dt
import threading

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from retail_pipeline.resources.fleet_file import load_declared_fleet
from retail_pipeline.resources.supabase_postgres import open_warehouse
from retail_pipeline.steps.status import Status, StoreStatus, read_status

REFRESH_SECONDS = 5


def show_status(console: Console, *, watch: bool, as_json: bool) -> int:
    """Show how the pipeline is; 0 when it is well, 1 when something is unhealthy."""
    status = look()
    if as_json:
        console.print_json(status.model_dump_json())
    elif watch:
        status = _watch(console, status)
    else:
        console.print(render(status))
    return 1 if status.problems else 0


def look() -> Status:
    """The state now."""
    with open_warehouse() as warehouse:
        return read_status(load_declared_fleet(), warehouse, dt.datetime.now(dt.UTC))


def _watch(console: Console, status: Status) -> Status:
    with Live(render(status), console=console) as live:
        try:
            while not threading.Event().wait(REFRESH_SECONDS):
                status = look()
                live.update(render(status))
        except KeyboardInterrupt:
            return status
    return status


def render(status: Status) -> RenderableType:
    """Stores with a strip of their last 24 hours, devices with their gaps, and what is wrong in words."""
    problems = [Text(f"! {problem}", style="red") for problem in status.problems] or [
        Text("All is well.", style="green")
    ]
    return Group(Text(f"{status.at:%Y-%m-%d %H:%M:%S} UTC"), _stores(status), _devices(status), *problems)


def _stores(status: Status) -> Table:
    table = Table("store", "complete until", "last 24 hours", "inspection", title="Stores")
    for store in status.stores:
        minutes = store.minutes_since_complete
        age = "never" if minutes is None else f"{minutes:.0f} min ago"
        bad = [
            f"{one['stage']} {one['status']}"
            for one in status.stages
            if one["store_id"] == store.store_id and one["status"] != "ok"
        ]
        table.add_row(
            store.store_id, age, strip(store), ", ".join(bad) or ("ok" if status.inspected_at else "none yet")
        )
    return table


def strip(store: StoreStatus) -> str:
    """A character an hour, oldest first: `#` complete, `+` in part, `-` nothing complete, a blank for no row."""
    signs = {None: " ", 0.0: "-", 1.0: "#"}
    return "".join(signs.get(share, "+") for share in store.completeness)


def _devices(status: Status) -> Table:
    table = Table("device", "circuit", "last good reply", "clock", "open gaps", "last error", title="Devices")
    for one in status.devices:
        skew = "" if one["clock_skew_seconds"] is None else f"{one['clock_skew_seconds']:+.0f} s"
        gaps = (
            ""
            if not one["open_gaps"]
            else f"{one['open_gaps']} ({one['gap_cause']}), until {one['nearest_deadline']:%Y-%m-%d}"
        )
        last = "never" if one["last_ok_at"] is None else f"{one['last_ok_at']:%m-%d %H:%M} UTC"
        table.add_row(one["sensor_id"], one["circuit"] or "", last, skew, gaps, one["last_error"] or "")
    return table
