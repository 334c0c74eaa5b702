"""`retail-pipeline status`: what it prints, how it ends, and what it sits out while it watches."""

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import psycopg
import pytest
from rich.console import Console

from retail_pipeline.fleet.load import FleetError
from retail_pipeline.resources.dagster_storage import retail_instance
from retail_pipeline.resources.recent_runs import recent_runs
from retail_pipeline.steps.status_report import Status
from retail_pipeline.terminal.status import Onlooker, _watch, show_status
from retail_pipeline.warehouse.errors import WarehouseError, WarehouseUnreachable
from retail_pipeline_tests.shops import utc

NOW = utc("2026-11-20 12:30")


@pytest.fixture
def configured(tmp_path: Path, emptied_url: str, database_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty warehouse, a database for Dagster's records, the demo fleet; the URL of the warehouse."""
    monkeypatch.chdir(tmp_path)
    for name in ("DAGSTER_HOME", "RETAIL_FLEET", "RETAIL_ORGANIZATIONS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("RETAIL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("RETAIL_DATABASE_URL", emptied_url)
    monkeypatch.setenv("DAGSTER_POSTGRES_URL", database_url)
    return emptied_url


def console(*, is_terminal: bool = False) -> Console:
    return Console(file=io.StringIO(), width=100, height=40, force_terminal=is_terminal)


def text_of(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.usefixtures("configured")
def test_an_unhealthy_pipeline_exits_with_1_and_says_why() -> None:
    out, machine = console(), console()

    assert show_status(out, watch=False, as_json=False) == 1
    assert "Nothing has been collected yet" in text_of(out)
    assert show_status(machine, watch=False, as_json=True) == 1
    told = Status.model_validate_json(text_of(machine))
    assert not told.is_healthy
    assert [one.store_id for one in told.stores][-1] == "lisbon-02"
    assert told.runs == ()


@pytest.mark.usefixtures("configured")
def test_dagster_s_records_may_be_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_POSTGRES_URL", "postgresql://nobody@127.0.0.1:1/dagster?connect_timeout=1")
    monkeypatch.setattr("dagster_postgres.utils.time.sleep", lambda _: None)  # it tries for ten seconds

    with Onlooker() as onlooker:
        assert onlooker.look().runs is None


def test_a_warehouse_that_comes_back_is_read_again(configured: str) -> None:
    with Onlooker() as onlooker:
        assert onlooker.look().stores
        with psycopg.connect(configured) as connection:
            connection.execute("ALTER SCHEMA retail RENAME TO away")
        with pytest.raises(WarehouseError, match="retail-pipeline migrate"):
            onlooker.look()
        with psycopg.connect(configured) as connection:
            connection.execute("ALTER SCHEMA away RENAME TO retail")
        assert onlooker.look().stores


def looks(*found: Status | Exception) -> Callable[[], Status]:
    told: Iterator[Status | Exception] = iter(found)

    def look() -> Status:
        one = next(told, None)
        if one is None:
            raise KeyboardInterrupt
        if isinstance(one, Exception):
            raise one
        return one

    return look


WELL = Status(at=NOW, is_healthy=True, problems=())
ILL = Status(at=NOW, is_healthy=False, problems=("lisbon-01-door does not answer",))


@pytest.mark.parametrize("is_terminal", [True, False])
def test_watching_goes_on_while_the_warehouse_or_the_fleet_file_is_away(is_terminal: bool) -> None:
    out = console(is_terminal=is_terminal)
    away = WarehouseUnreachable("Cannot use the database retail on this machine: it shuts down.")

    code = _watch(out, looks(WELL, away, FleetError(["fleet.yaml:3: nonsense"]), WELL), lambda _: None, as_json=False)

    assert code == 0
    assert "it shuts down" in text_of(out)
    assert "nonsense" in text_of(out)
    assert "Looking again every 5 seconds" in text_of(out)


@pytest.mark.parametrize(("last", "code"), [(WELL, 0), (ILL, 1), (WarehouseUnreachable("away"), 1)])
def test_the_last_look_decides_how_watching_ends(last: Status | Exception, code: int) -> None:
    assert _watch(console(), looks(WELL, last), lambda _: None, as_json=False) == code


def test_watching_for_machines_is_a_document_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    out = console()

    assert _watch(out, looks(ILL, WarehouseUnreachable("away"), WELL), lambda _: None, as_json=True) == 0

    lines = [json.loads(line) for line in text_of(out).splitlines()]
    assert [line["is_healthy"] for line in lines] == [False, True]
    assert "away" in capsys.readouterr().err


def test_the_last_runs_are_told_newest_first() -> None:
    @dg.op
    def work(context: dg.OpExecutionContext) -> None:
        if "break" in context.run.tags:
            raise dg.Failure("broken on purpose")

    @dg.job
    def a_job() -> None:
        work()

    with dg.DagsterInstance.ephemeral() as instance:
        a_job.execute_in_process(instance=instance)
        a_job.execute_in_process(instance=instance, tags={"break": "yes"}, raise_on_error=False)
        runs = recent_runs(instance)

    assert runs is not None
    assert [(run.job, run.status) for run in runs] == [("a_job", "failure"), ("a_job", "success")]
    assert all(run.seconds is not None and run.started_at for run in runs)


@pytest.mark.usefixtures("configured")
def test_runs_of_the_command_line_show_in_the_monitor() -> None:
    with retail_instance() as instance, Onlooker() as onlooker:

        @dg.job
        def empty() -> None:
            pass

        empty.execute_in_process(instance=instance)
        runs = onlooker.look().runs
        assert runs
        assert runs[0].job == "empty"
