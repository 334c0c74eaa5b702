"""`retail-pipeline fleet check`: what a fleet file says, and with `--probe` what its devices say to that."""

import datetime as dt
import json
import os
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from retail_pipeline.devices.auth import env_credentials
from retail_pipeline.devices.client import fetch_all
from retail_pipeline.devices.models import ClientLimits
from retail_pipeline.fleet.advice import fleet_advice, told_zones
from retail_pipeline.fleet.load import load_fleet
from retail_pipeline.fleet.models import Fleet
from retail_pipeline.steps.probe import DeviceSeen, probe

PATIENCE = ClientLimits(attempts=1, total_s=30.0)
"""Asked once: who looks at the answer is there to ask again."""


def check_fleet(console: Console, file: Path, *, with_probe: bool, as_json: bool) -> int:
    """Show what is declared and advised; 1 when a device was asked and did not deliver, else 0.

    Raises:
        FleetError: the file is wrong; the message names line and field of everything that is.
    """
    fleet = load_fleet(file)
    advice = fleet_advice(fleet)
    seen = _probe(fleet, console, quiet=as_json) if with_probe else []
    if as_json:
        devices = [one.model_dump(mode="json") for one in seen]
        console.print_json(
            json.dumps({"stores": len(fleet.stores), "zones": told_zones(fleet), "advice": advice, "devices": devices})
        )
    else:
        _print(console, file, fleet, advice, seen)
    return 1 if any(not one.delivers for one in seen) else 0


def _probe(fleet: Fleet, console: Console, *, quiet: bool) -> list[DeviceSeen]:
    columns = (TextColumn("asking devices"), BarColumn(), TextColumn("{task.completed}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=quiet) as progress:
        task = progress.add_task("", total=None)
        return probe(
            fleet,
            lambda asks: fetch_all(
                asks, env_credentials(os.environ), PATIENCE, on_answer=lambda _: progress.advance(task)
            ),
            dt.datetime.now(dt.UTC),
        )


def _print(console: Console, file: Path, fleet: Fleet, advice: list[str], seen: list[DeviceSeen]) -> None:
    devices = sum(len(one.sensors) for one in fleet.stores)
    console.print(f"{escape(str(file))}: {len(fleet.stores)} stores with {devices} devices, nothing wrong.")
    for sentence in told_zones(fleet):
        console.print(sentence, markup=False, highlight=False)
    for sentence in advice:
        console.print(f"- {sentence}", markup=False, highlight=False)
    for one in seen:
        console.print()
        for line in in_words(one):
            console.print(line, markup=False, highlight=False, soft_wrap=True)


def in_words(seen: DeviceSeen) -> list[str]:
    """What a device said, a line each, advice last."""
    lines = [f"{seen.sensor_id} ({seen.store_id})", f"  {_connection(seen)}"]
    lines += [f"  {report}: {words}" for report, words in seen.failures.items()]
    if seen.rows:
        rows = ", ".join(f"{rows} rows of {report}" for report, rows in seen.rows.items())
        lines += [f"  {_clock(seen)}", f"  {rows} in 24 h; {_memory(seen)}"]
    lines += [
        f"  line {one.line} {one.role or 'undeclared':<12}{one.in_count:>7,} in{one.out_count:>7,} out"
        for one in seen.lines
    ]
    lines += [f"  region {one.region} {one.zone or 'undeclared':<10}{one.stays:>7,} stays" for one in seen.regions]
    return lines + [f"  - {sentence}" for sentence in seen.advice]


def _connection(seen: DeviceSeen) -> str:
    words = {"none": "no credential asked for", "unknown": "credential not tried"}
    credentials = words.get(seen.credentials, f"credential {seen.credentials}")
    return f"{'reachable' if seen.is_reachable else 'NOT reachable'}, {credentials}"


def _clock(seen: DeviceSeen) -> str:
    skew = seen.clock_skew_seconds
    against = "sends no clock" if skew is None else f"clock {skew:+.0f} s against UTC"
    return f"{against}, stamps read in {seen.timezone}"


def _memory(seen: DeviceSeen) -> str:
    if seen.remembers is None:
        return f"whether it remembers {seen.retention_days} days was not told"
    return f"{'remembers' if seen.remembers else 'shows nobody'} {seen.retention_days} days back"
