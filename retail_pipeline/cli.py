"""`retail-pipeline ...`: the pipeline in a terminal. Exit codes: 0 well, 1 unhealthy or failed, 2 wrong usage."""

import datetime as dt
import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter
from rich.console import Console

from retail_pipeline.fleet.load import FleetError
from retail_pipeline.fleet.models import Report
from retail_pipeline.settings import ConfigurationError
from retail_pipeline.steps.explain.question import NotExplainableError
from retail_pipeline.steps.forget import ForgetRefusedError
from retail_pipeline.steps.transactions import TransactionsFileError
from retail_pipeline.terminal.explain import explain_figures
from retail_pipeline.terminal.fleet_check import check_fleet
from retail_pipeline.terminal.load import load_transactions_file
from retail_pipeline.terminal.replay import replay_stored
from retail_pipeline.terminal.report import NoReportError, write_report_file
from retail_pipeline.terminal.run import run_pipeline
from retail_pipeline.terminal.span import RunRefusedError
from retail_pipeline.terminal.status import show_status
from retail_pipeline.warehouse.errors import InvalidDatabaseUrl, WarehouseError

app = App(name="retail-pipeline", help="People counting in shops: collect, compute, watch.", version_flags=[])
fleet_app = App(name="fleet", help="The fleet file.")
app.command(fleet_app)

schema_app = App(name="schema", help="The warehouse's schema against what the migrations declare.")
app.command(schema_app)

UNHEALTHY, USAGE = 1, 2
_NEED_NOTHING = {"fleet", "migrate", "schema", "simulate"}
"""Commands that work without the pipeline's configuration: they are how somebody comes to one."""


@app.command
def run(
    *,
    hours: int | None = None,
    from_: Annotated[dt.datetime | None, Parameter(name="--from")] = None,
    to: dt.datetime | None = None,
    store: Annotated[list[str] | None, Parameter(name="--store")] = None,
) -> int:
    """Collect and compute here and now, through the same assets as the schedules; partitions are recorded in Dagster.

    Args:
        hours: the last N hours, the open one included (default: 24).
        from_: first hour, UTC, as 2026-09-01T08:00.
        to: end, UTC, not included (default: now).
        store: only this store; may be given more than once.
    """
    return run_pipeline(Console(), hours=hours, first=from_, end=to, store_ids=tuple(store or ()))


@app.command
def status(*, watch: bool = False, json: bool = False) -> int:
    """How the pipeline is: stages, stores, devices, gaps, last runs. Exit code 1 when something is unhealthy.

    Args:
        watch: stay, and show anew every few seconds.
        json: for machines.
    """
    return show_status(Console(), watch=watch, as_json=json)


@app.command
def replay(
    *,
    from_: Annotated[dt.datetime, Parameter(name="--from")],
    to: dt.datetime | None = None,
    store: Annotated[list[str] | None, Parameter(name="--store")] = None,
    report: Report | None = None,
    declared_zones: Annotated[bool, Parameter(negative="")] = False,
    dry_run: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Read stored replies again after a parser was mended: rows as collecting would give them, and what follows.

    Args:
        from_: first hour whose counts are rebuilt, UTC, as 2026-09-01T08:00.
        to: end, UTC, not included (default: now).
        store: only this store; may be given more than once.
        report: only this report.
        declared_zones: read stamps in the zones that the fleet file gives the devices now, not in those of then: after
            a wrong zone was put right.
        dry_run: say what would change, and change nothing.
    """
    return replay_stored(
        Console(),
        first=from_,
        end=to,
        store_ids=tuple(store or ()),
        report=report,
        declared_zones=declared_zones,
        dry_run=dry_run,
    )


@app.command
def migrate() -> int:
    """Bring the warehouse's schema up to date; safe to repeat and to run in several places at once."""
    from retail_pipeline.resources.supabase_postgres import warehouse_url  # noqa: PLC0415 - Dagster loads in seconds
    from retail_pipeline.warehouse.migrations import migrate as apply  # noqa: PLC0415

    applied = apply(warehouse_url())
    Console().print("\n".join(f"applied {name}" for name in applied) or "The schema is up to date.")
    return 0


@app.command
def load_transactions(file: Path, *, whole_days: bool = False) -> int:
    """Load sales by hour from a till's export (CSV), for conversion; safe to repeat, a later file replaces its hours.

    Args:
        file: columns store_id, hour_start, transactions and, where told, sales and units.
        whole_days: open hours that the file leaves out of a day sold nothing.
    """
    return load_transactions_file(Console(), file, whole_days=whole_days)


@app.command
def forget(*, organization: str, apply: Annotated[bool, Parameter(negative="")] = False) -> int:
    """Say what is stored of an organisation that left the fleet file, table by table, and remove it when asked to.

    Args:
        organization: its id.
        apply: remove it all, here and in Dagster's records. There is no way back.
    """
    from retail_pipeline.terminal.forget import forget_organization  # noqa: PLC0415 - Dagster loads in seconds

    return forget_organization(Console(), organization, apply=apply)


@app.command
def report(
    *,
    store: str | None = None,
    organization: str | None = None,
    day: dt.date | None = None,
    open_: Annotated[bool, Parameter(name="--open")] = False,
    send: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Write the report of a store's trading day, or the overview of an organization, as an HTML file; say where it is.

    Args:
        store: the store.
        organization: rank its stores like for like, in place of the report of a store.
        day: the trading day, as 2026-11-20 (default: the last one that ended; of a store, and was open).
        open_: show it in the browser.
        send: send it to the recipients of the store or organization now, whether or not they have it. Exit code 1 when
            one did not take it.
    """
    return write_report_file(Console(), store, organization, day, is_opened=open_, is_sent=send)


@app.command
def export(
    table: str,
    *,
    from_: Annotated[dt.datetime | None, Parameter(name="--from")] = None,
    to: dt.datetime | None = None,
    store: Annotated[list[str] | None, Parameter(name="--store")] = None,
    format: Literal["csv", "parquet", "xlsx"] | None = None,  # noqa: A002 - the option's name
    out: Path | None = None,
) -> int:
    """Write a table or view of the warehouse to a file. Times are UTC, columns named local are the store's own clock.

    Args:
        table: any table or view of schema retail, such as store_hours.
        from_: start of the range of its time column, UTC, as 2026-09-01T08:00; of tables by the day, the date.
        to: end, not included.
        store: only this store; may be given more than once.
        format: csv, parquet or xlsx (times there are UTC without a zone, and the headings say so). Default: by the name
            of the file, else csv.
        out: the file; without it CSV goes to the standard output.
    """
    from retail_pipeline.terminal.export import Format, export_table  # noqa: PLC0415 - Dagster loads in seconds

    return export_table(
        table,
        first=from_,
        end=to,
        store_ids=tuple(store or ()),
        file_format=Format(format) if format else None,
        out=out,
    )


@app.command
def explain(
    *,
    store: str,
    hour: str | None = None,
    day: dt.date | None = None,
    interval: str | None = None,
    zone: str | None = None,
    way: str | None = None,
    device: str | None = None,
    table: str | None = None,
    metric: str | None = None,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Where a figure comes from: definition, working, input rows, replies, gaps, estimate, quality, earlier values.

    Args:
        store: the store.
        hour: a time in the hour, as 2026-11-24T17:00 by the store's clock, or with Z or an offset.
        day: a trading day, as 2026-11-24.
        interval: a time in an interval as devices tell it, as 2026-11-24T17:15; with --zone or --device.
        zone: figures of this zone of the store, in the hour, on the day or in the interval.
        way: people who went this way in the hour, as outside:entrance.
        device: the heat that this device told of the interval.
        table: where several hold figures of what is asked: queue_alerts, staffing_hours, heat_maps.
        metric: only this figure, with everything that it rests on (default: all figures).
        json: for machines, complete.
    """
    asked = {"hour": hour, "interval": interval, "table": table, "metric": metric}
    place = {"zone": zone, "way": way, "device": device}
    return explain_figures(Console(), store_id=store, day=day, **asked, **place, as_json=json)


@app.command
def simulate(*, port: int = 8800, scenario: Path | None = None) -> int:
    """Run the demo's counting devices in the foreground, on loopback.

    Args:
        port: where they answer.
        scenario: YAML file of faults per device.
    """
    from retail_pipeline.local.simulator.__main__ import serve_demo  # noqa: PLC0415

    return serve_demo(port, scenario)


@app.command
def worker(*, concurrency: int = 2) -> int:
    """Execute runs of this code location as a Celery worker, in the foreground; TERM lets runs under way finish.

    Args:
        concurrency: how many runs at once.
    """
    from retail_pipeline.terminal.worker import serve_runs  # noqa: PLC0415 - Dagster loads in seconds

    return serve_runs(concurrency)


@fleet_app.command
def check(
    file: Path,
    *,
    probe: Annotated[bool, Parameter(negative="")] = False,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Validate a fleet file; says line and field of what is wrong, and what could be better.

    Args:
        file: the fleet file.
        probe: ask every device once per report, write nothing, and say how what it counts fits the file. Exit code 1
            when a device does not deliver.
        json: for machines.
    """
    return check_fleet(Console(), file, with_probe=probe, as_json=json)


@schema_app.command(name="check")
def check_schema() -> int:
    """Compare the live schema with the declared one. Exit code 1 when they differ; changes nothing."""
    from retail_pipeline.terminal.schema import show_drift  # noqa: PLC0415 - Dagster loads in seconds

    return show_drift(Console())


@schema_app.command(name="fix")
def fix_schema(*, apply: bool = False, allow_destructive: bool = False) -> int:
    """Print the SQL that repairs the schema; it loses nothing unless allowed to.

    Args:
        apply: run it, in one transaction, after showing it.
        allow_destructive: also drop what no migration knows, and change the types of columns back.
    """
    from retail_pipeline.terminal.schema import fix_drift  # noqa: PLC0415

    return fix_drift(Console(), apply=apply, allow_destructive=allow_destructive)


@schema_app.command(name="declare")
def declare_schema() -> int:
    """For developers: write sql/schema.jsonl anew from the migrations, by way of the embedded Postgres."""
    from retail_pipeline.terminal.schema import write_declaration  # noqa: PLC0415

    return write_declaration(Console())


def main(words: list[str] | None = None) -> None:
    """Entry point of the command line; `words` stand for those that the process was given."""
    given = sys.argv[1:] if words is None else words
    try:
        if given and not given[0].startswith("-") and given[0] not in _NEED_NOTHING:
            _require_configuration()
        code = app(words, result_action="return_value")
    except (
        ConfigurationError,
        FleetError,
        InvalidDatabaseUrl,
        RunRefusedError,
        TransactionsFileError,
        NoReportError,
        NotExplainableError,
        ForgetRefusedError,
    ) as error:
        sys.exit(_said(str(error), USAGE))
    except WarehouseError as error:
        sys.exit(_said(str(error), UNHEALTHY))
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(code if isinstance(code, int) else 0)


def _require_configuration() -> None:
    from retail_pipeline.resources.configuration import check_configuration  # noqa: PLC0415 - apprise loads slowly

    for missing in check_configuration():
        _said(missing, 0)


def _said(message: str, code: int) -> int:
    Console(stderr=True).print(message, style="red", markup=False, highlight=False, soft_wrap=True)
    return code
