"""The code location loads anywhere, and every asset says who owns it, what it is and how fresh it has to be."""

import datetime as dt
import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from retail_pipeline.definitions import build_defs
from retail_pipeline_tests.shops import utc

ROOT = Path(__file__).parents[1]
MINUTES = {
    "raw_sensor_counts": (45, 90),
    "regional_counts": (75, 150),
    "virtual_region_occupancy": (60, 120),
    "hourly_analytics": (60, 120),
    "daily_summaries": (80, 150),
}
LOADED = """
import socket
import subprocess
import sys
import dagster as dg

def refuse(*arguments, **options):
    raise AssertionError("opened a connection or started a process")

socket.socket.connect = subprocess.Popen.__init__ = refuse
import retail_pipeline.definitions as definitions
print("imported")
dg.Definitions.validate_loadable(definitions.defs())
print("loaded")
print(*{"altair", "apprise", "babel", "cyclopts", "pyarrow", "vl_convert", "xlsxwriter"}.intersection(sys.modules))
"""


@pytest.fixture(scope="module")
def defs() -> dg.Definitions:
    return build_defs(now=utc("2026-11-20 12:00"))


def load(**environment: str) -> subprocess.CompletedProcess[str]:
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("RETAIL_", "DAGSTER_", "PG"))}
    command = [sys.executable, "-c", LOADED]
    return subprocess.run(command, env={**bare, **environment}, cwd=ROOT, capture_output=True, text=True, check=False)


def test_definitions_load_without_secrets_network_a_server_or_what_pages_and_messages_need(tmp_path: Path) -> None:
    loaded = load(RETAIL_HOME=str(tmp_path / "home"))

    assert loaded.stdout.split() == ["imported", "loaded"], loaded.stderr
    assert not (tmp_path / "home").exists()


def test_a_wrong_fleet_file_is_read_when_the_location_is_loaded_and_not_when_it_is_imported(tmp_path: Path) -> None:
    loaded = load(RETAIL_FLEET=str(tmp_path / "nowhere.yaml"))

    assert loaded.stdout.split() == ["imported"]
    assert "nowhere.yaml" in loaded.stderr


def test_every_asset_has_owner_group_description_and_columns(defs: dg.Definitions) -> None:
    for spec in defs.resolve_all_asset_specs():
        name = spec.key.to_user_string()
        assert spec.owners, name
        assert spec.group_name, name
        assert len(spec.description or "") > 40, name
        assert spec.metadata["dagster/table_name"] == f"retail.{name}"


@pytest.mark.parametrize("asset", MINUTES)
def test_every_table_that_is_kept_up_to_date_has_a_freshness_policy_and_a_check(
    defs: dg.Definitions, asset: str
) -> None:
    [spec] = [one for one in defs.resolve_all_asset_specs() if one.key == dg.AssetKey(asset)]
    policy = spec.freshness_policy

    assert policy
    assert (policy.warn_window.to_timedelta(), policy.fail_window.to_timedelta()) == tuple(
        dt.timedelta(minutes=minutes) for minutes in MINUTES[asset]
    )
    checks = defs.resolve_asset_graph().get_check_keys_for_assets({dg.AssetKey(asset)})
    assert checks or asset == "regional_counts"  # what lines report is what regions report: one check looks at both


def test_every_schedule_and_sensor_runs_without_being_switched_on(defs: dg.Definitions) -> None:
    repository = defs.get_repository_def()

    assert {one.default_status for one in repository.schedule_defs} == {dg.DefaultScheduleStatus.RUNNING}
    assert {one.default_status for one in repository.sensor_defs} == {dg.DefaultSensorStatus.RUNNING}
    assert {one.name for one in repository.sensor_defs} >= {
        "sync_fleet",
        "recover_missed_hours",
        "catch_up_days",
        "derive_updated_hours",
    }


def test_a_location_of_its_own_has_keys_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETAIL_LOCATION", "north")
    north = build_defs(now=utc("2026-11-20 12:00"))

    keys = {spec.key for spec in north.resolve_all_asset_specs()}
    assert {key.path[0] for key in keys} == {"north"}
    [raw] = [one for one in north.resolve_all_asset_specs() if one.key.path[-1] == "raw_sensor_counts"]
    assert isinstance(raw.partitions_def, dg.MultiPartitionsDefinition)
    assert raw.partitions_def.get_partitions_def_for_dimension("store").name == "north_store"
