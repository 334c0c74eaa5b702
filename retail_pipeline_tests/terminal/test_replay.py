"""`retail-pipeline replay` as a command: what it prints, what it changes, how it ends."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from retail_pipeline.local.simulator.scenario import Scenario
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.migrations import migrate
from retail_pipeline_tests.local.simulator.running import running_simulator
from retail_pipeline_tests.shops import fleet_of, shop, utc
from retail_pipeline_tests.steps.played import Played

EVENING = utc("2026-10-20 20:32")
MISREAD = "line1_in = line1_in + 5, total_in = total_in + 5"
OF_NOON = "interval_start = '2026-10-20 12:00+00'"


def replay(home: Path, url: str, *options: str) -> "subprocess.CompletedProcess[str]":
    fleet = {"organizations": [{"id": "acme", "name": "Acme"}], "stores": [shop()]}
    (home / "fleet.yaml").write_text(yaml.safe_dump(fleet))
    settings = {"RETAIL_FLEET": str(home / "fleet.yaml"), "RETAIL_DATABASE_URL": url, "RETAIL_HOME": str(home)}
    command = [sys.executable, "-c", "from retail_pipeline.cli import main; main()", "replay"]
    span = ["--from", "2026-10-20T00:00", "--to", "2026-10-21T00:00"]
    environment = {**os.environ, **settings, "COLUMNS": "120"}
    return subprocess.run([*command, *span, *options], capture_output=True, text=True, check=False, env=environment)


@pytest.fixture
def played(database_url: str) -> Played:
    """A day was collected by a parser that read one of its rows wrongly."""
    migrate(database_url)
    with running_simulator(fleet_of(shop()), Scenario()) as simulator:
        day = Played(fleet_of(shop()), simulator, Warehouse(database_url), database_url)
        day.collect(EVENING)
    day.sql(f"UPDATE retail.raw_sensor_counts SET {MISREAD} WHERE {OF_NOON}")
    return day


def cells(output: str, name: str) -> list[str]:
    """The figures of a row of the table."""
    [row] = [line for line in output.splitlines() if name in line and "│" in line]
    return [cell.strip() for cell in row.strip("│ ").split("│")][1:]


def test_a_span_is_replayed_tried_first_and_told(played: Played, tmp_path: Path) -> None:
    misread = played.sql(f"SELECT line1_in FROM retail.raw_sensor_counts WHERE {OF_NOON}")

    tried = replay(tmp_path, played.url, "--dry-run")

    assert tried.returncode == 0, tried.stderr
    assert "2026-10-20 00:00 to 2026-10-21 00:00 UTC, nothing kept (--dry-run)" in " ".join(tried.stdout.split())
    assert cells(tried.stdout, "rows new or changed") == ["1", "0", "0", "0"]  # lines, regions, long stays, heat
    assert played.sql(f"SELECT line1_in FROM retail.raw_sensor_counts WHERE {OF_NOON}") == misread

    done = replay(tmp_path, played.url)

    assert done.returncode == 0, done.stderr
    assert "100%" in done.stdout  # of the progress
    for name in ("replies read", "rows new or changed"):
        assert cells(done.stdout, name) == ["1", "0", "0", "0"]
    assert "hours derived otherwise, 1 days summed up again." in done.stdout
    assert "dry-run" not in done.stdout
    [(mended,)], [(entries,)] = (
        played.sql(f"SELECT {column} FROM retail.{table} WHERE {where} = '2026-10-20 12:00+00'")
        for column, table, where in (
            ("line1_in", "raw_sensor_counts", "interval_start"),
            ("entries", "hourly_analytics", "hour_start"),
        )
    )
    assert mended == entries == misread[0][0] - 5  # type: ignore[operator]


def test_a_store_whose_rows_cannot_be_written_fails_by_name(played: Played, tmp_path: Path) -> None:
    played.sql("ALTER TABLE retail.raw_sensor_counts ADD CONSTRAINT a_fault CHECK (total_in = 0) NOT VALID")

    failed = replay(tmp_path, played.url)

    assert failed.returncode == 1
    assert "shop-1" in failed.stderr
    assert "a_fault" in failed.stderr
    assert "Traceback" not in failed.stderr


def test_a_store_that_is_not_declared_is_wrong_usage(tmp_path: Path) -> None:
    refused = replay(tmp_path, "postgresql://nobody@127.0.0.1:1/nowhere", "--store", "nowhere")

    assert (refused.returncode, refused.stdout) == (2, "")
    assert "--store nowhere" in refused.stderr
