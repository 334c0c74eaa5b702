"""Stores follow the fleet file: added with their last day, taken away when no run needs them, and taken back."""

import dagster as dg
import pytest
from dagster._core.test_utils import create_run_for_test

from retail_pipeline.assets.partitions import RANGE_END, RANGE_START
from retail_pipeline.fleet.load import FleetError
from retail_pipeline_tests.living import STORES, Living, store
from retail_pipeline_tests.shops import utc

BERLIN = store("berlin", "Europe/Berlin")


def stores_of(life: Living) -> list[str]:
    return list(life.instance.get_dynamic_partitions("store"))


def ends(request: dg.RunRequest) -> tuple[str, str]:
    return request.tags[RANGE_START], request.tags[RANGE_END]


def declared_in_the_warehouse(life: Living) -> set[str]:
    return {row[0] for row in life.sql("SELECT store_id FROM retail.stores WHERE valid_to IS NULL")}


def test_at_first_every_store_is_added_and_its_last_day_asked_for_in_one_run(life: Living) -> None:
    life.at(utc("2026-11-20 12:41"))
    told = life.sense("sync_fleet")

    [request] = told.run_requests
    assert ends(request) == ("2026-11-19-13:00|pune", "2026-11-20-12:00|chicago")
    assert request.asset_selection == [dg.AssetKey("raw_sensor_counts"), dg.AssetKey("regional_counts")]
    assert stores_of(life) == ["pune", "lisbon", "chicago"]
    assert declared_in_the_warehouse(life) == {"pune", "lisbon", "chicago"}
    assert life.sense("sync_fleet", told.cursor).run_requests == []


def test_a_new_store_is_asked_for_alone(life: Living) -> None:
    life.declare([BERLIN, *STORES])
    [request] = life.sense("sync_fleet", "another fleet").run_requests

    assert ends(request) == (
        "2026-11-19-13:00|berlin",
        "2026-11-20-12:00|berlin",
    )
    assert stores_of(life) == ["pune", "lisbon", "chicago", "berlin"]


def test_a_store_that_leaves_while_a_run_waits_keeps_its_partition_until_the_run_is_over(life: Living) -> None:
    waiting = create_run_for_test(life.instance, status=dg.DagsterRunStatus.NOT_STARTED)
    life.declare([BERLIN, *STORES[1:]])
    told = life.sense("sync_fleet", "another fleet")

    assert told.run_requests == []
    assert "pune" in stores_of(life)
    assert "pune" not in declared_in_the_warehouse(life)
    life.instance.report_run_canceled(waiting)
    life.sense("sync_fleet", told.cursor)
    assert stores_of(life) == ["lisbon", "chicago", "berlin"]


def test_a_store_that_comes_back_is_added_at_the_end_and_its_last_day_asked_for(life: Living) -> None:
    life.declare([*STORES, BERLIN])
    [request] = life.sense("sync_fleet", "another fleet").run_requests

    assert request.tags[RANGE_END] == "2026-11-20-12:00|pune"
    assert stores_of(life) == ["lisbon", "chicago", "berlin", "pune"]
    assert "pune" in declared_in_the_warehouse(life)


def test_a_location_that_serves_a_part_leaves_the_stores_of_others_in_the_warehouse(
    life: Living, monkeypatch: pytest.MonkeyPatch
) -> None:
    rome = {**store("rome", "Europe/Rome"), "organization": "globex"}
    life.declare([*STORES, rome], "globex")
    life.sense("sync_fleet", "another fleet")
    monkeypatch.setenv("RETAIL_ORGANIZATIONS", "globex")
    life.declare([store("oslo", "Europe/Oslo"), rome], "globex")
    life.sense("sync_fleet", "another fleet")

    assert declared_in_the_warehouse(life) == {"pune", "lisbon", "chicago", "rome"}


def test_an_organisation_that_the_fleet_file_does_not_declare_is_a_mistake_in_the_environment(
    life: Living, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RETAIL_ORGANIZATIONS", "acme, acne")

    with pytest.raises(FleetError, match=r"RETAIL_ORGANIZATIONS names acne, which .*fleet.yaml does not declare"):
        life.sense("sync_fleet")
