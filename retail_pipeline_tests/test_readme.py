"""The README is held to the code: what it names exists, and what exists is named."""

import re
import tomllib
from pathlib import Path

import psycopg
import pytest

from retail_pipeline.definitions import build_defs
from retail_pipeline.fleet.keeping import RULES, Keep, in_words
from retail_pipeline.fleet.load import parse_fleet
from retail_pipeline.settings import Settings
from retail_pipeline.steps.status_report import Status
from retail_pipeline.warehouse.errors import warehouse_error
from retail_pipeline.warehouse.migrations import migrate
from retail_pipeline_tests.shops import utc

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def definitions():
    """Loads without secrets, network or a running server."""
    return build_defs(now=utc("2026-11-20 12:00"))


def test_every_asset_and_check_has_its_place(definitions) -> None:
    graph = definitions.resolve_asset_graph()
    names = {key.to_user_string() for key in graph.get_all_asset_keys()}

    assert all(f"| `{name}` |" in README for name in names)
    checked = {key.asset_key.to_user_string() for key in graph.asset_check_keys}
    assert names - checked <= {
        *("pipeline_health", "regional_counts", "staffing_hours", "heat_maps"),
        *("store_reports", "organization_reports"),
    }
    assert all(
        graph.get(key).description and graph.get(key).group_name and graph.get(key).owners
        for key in graph.get_all_asset_keys()
    )


def test_every_job_and_schedule_is_named(definitions) -> None:
    assert all(f"`{job.name}`" in README for job in definitions.jobs)
    assert all(f"`{schedule.cron_schedule}`" in README for schedule in definitions.schedules)
    assert {schedule.execution_timezone for schedule in definitions.schedules} == {"UTC"}
    assert all(f"`{name}`" in README for name in ("recover_missed_hours", "alert_people"))


def test_a_day_takes_every_hour_that_a_local_day_can_touch(definitions) -> None:
    graph = definitions.resolve_asset_graph()
    [daily] = [key for key in graph.get_all_asset_keys() if key.to_user_string() == "daily_summaries"]
    [hourly] = [key for key in graph.get_all_asset_keys() if key.to_user_string() == "hourly_analytics"]
    mapping = graph.get(daily).partition_mappings[hourly]
    hours = dict(mapping.downstream_mappings_by_upstream_dimension)["hour"]

    assert hours.dimension_name == "day"
    assert (hours.partition_mapping.start_offset, hours.partition_mapping.end_offset) == (-1, 1)


def test_every_variable_is_explained() -> None:
    named = set(re.findall(r"`(RETAIL_[A-Z_]+)`", README))

    assert {f"RETAIL_{name.upper()}" for name in Settings.model_fields} <= named


def test_every_key_of_the_monitor_s_documents_is_named() -> None:
    assert {f"`{name}`" for name in Status.model_fields} <= set(re.findall(r"`\w+`", README))


FRONT_ENDS, QUERIES = re.findall(r"## For front ends\n(.*?)```sql\n(.*?)```", README, re.DOTALL)[0]


def test_every_query_for_front_ends_runs_and_gives_plain_names(database_url: str) -> None:
    migrate(database_url)
    with psycopg.connect(database_url) as connection:
        for query in filter(None, map(str.strip, re.sub("--.*", "", QUERIES).split(";"))):
            columns = connection.execute(query.encode()).description
            assert columns
            assert all(re.fullmatch("[a-z_]+", column.name) for column in columns)


def test_everything_promised_to_front_ends_has_a_query() -> None:
    cells = [row.split("|")[1] for row in FRONT_ENDS.splitlines() if row.startswith("| `")]
    promised = set(re.findall(r"`(\w+)`", " ".join(cells)))

    assert promised == set(re.findall(r"FROM retail\.(\w+)", QUERIES))
    assert {"store_hours", "store_days", "current_occupancy", "pipeline_status", "zone_hours", "zone_flows"} <= promised


def test_the_fleet_file_shown_is_valid() -> None:
    [shown] = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)

    assert parse_fleet(shown, "README.md").store_ids == ("lisbon-01",)


def test_the_pictures_and_commands_exist() -> None:
    assert all((ROOT / picture).is_file() for picture in re.findall(r"!\[.*?\]\((.*?)\)", README))
    targets = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert all(
        re.search(rf"^{target}:", targets, re.MULTILINE) for target in re.findall(r"make (dev|test|check|fmt)", README)
    )
    assert (
        "retail-pipeline" in tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    )


def test_what_to_do_when_the_warehouse_cannot_be_used_is_what_the_program_says() -> None:
    [table] = re.findall(r"\| it says \| do \|\n\|---\|---\|\n((?:\|.*\n)+)", README)
    rows = re.findall(r"^\| `([^`]+)` \| (.+) \|$", table, re.MULTILINE)
    kinds = {"permission denied": psycopg.errors.InsufficientPrivilege}

    assert len(rows) == 10
    for words, advice in rows:
        error = kinds.get(words, psycopg.OperationalError)(f"connection failed: {words}")
        assert str(warehouse_error(error, "database retail")).endswith(f": connection failed: {words}. {advice}")


def test_how_long_each_table_is_kept_is_told_as_it_is_done() -> None:
    [section] = re.findall(r"## What is kept, and for how long\n(.*?)\n## ", README, re.DOTALL)
    told = re.findall(r"^\| ([^|]+) \| (`[^|]+`) \| ([^|]+) \|$", section, re.MULTILINE)
    by_key = {key.strip("`") if key.startswith("`") else None: (age, names) for age, names, key in told}

    for kept_as in {rule.kept_as for rule in RULES}:
        age, names = by_key[kept_as]
        assert re.findall(r"`(\w+)`", names) == [rule.table for rule in RULES if rule.kept_as == kept_as]
        assert age == in_words(Keep().age(kept_as) if kept_as else None)
