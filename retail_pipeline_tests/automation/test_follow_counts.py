"""Derived hours follow their counts: once per update, however old the hour is, and not before anything happened."""

import dagster as dg
import pytest

from retail_pipeline.automation import jobs
from retail_pipeline_tests.living import Living
from retail_pipeline_tests.shops import utc

COUNTS = dg.AssetKey("raw_sensor_counts")
NEW, OLD = "2026-11-20-12:00|lisbon", "2026-11-10-09:00|lisbon"


STAYS = dg.AssetKey("regional_counts")
DERIVED = [dg.AssetKey(name) for name in jobs.DERIVED]


class Ticks:
    """Ticks of the automation sensor, one after the other."""

    def __init__(self, life: Living) -> None:
        self.life, self.cursor, self.derived = life, None, life.defs

    def materialize(self, *assets: dg.AssetKey, partition: str = NEW) -> None:
        """As a run would report it."""
        for asset in assets:
            self.life.instance.report_runless_asset_event(dg.AssetMaterialization(asset, partition=partition))

    def requested(self, *counted: str) -> set[str]:
        """Partitions that are asked for after these were counted; all tables are always asked for together."""
        for partition in counted:
            self.materialize(COUNTS, partition=partition)
        result = dg.evaluate_automation_conditions(
            self.derived, self.life.instance, dg.AssetSelection.assets(*DERIVED), cursor=self.cursor
        )
        self.cursor = result.cursor
        hours, *others = (result.get_requested_partitions(key) for key in DERIVED)
        assert all(other == hours for other in others)
        return {str(partition) for partition in hours if partition}


@pytest.fixture(scope="module")
def ticks(life: Living) -> Ticks:
    life.at(utc("2026-11-20 12:45"))
    life.know_stores()
    life.instance.report_runless_asset_event(dg.AssetMaterialization(COUNTS, partition=NEW))
    return Ticks(life)


def test_nothing_is_asked_for_on_the_first_look(ticks: Ticks) -> None:
    assert ticks.requested() == set()


def test_an_update_is_followed_once(ticks: Ticks) -> None:
    assert ticks.requested(NEW) == {NEW}
    assert ticks.requested() == set()
    assert ticks.requested() == set()


def test_the_next_update_of_the_same_hour_is_followed_again(ticks: Ticks) -> None:
    assert ticks.requested(NEW) == {NEW}
    assert ticks.requested() == set()


def test_what_was_counted_and_derived_between_two_ticks_is_derived_once_more(ticks: Ticks) -> None:
    """Which of them came last is not known: once more costs a second, once too few an hour."""
    ticks.materialize(COUNTS)
    ticks.materialize(*DERIVED)
    assert ticks.requested() == {NEW}
    ticks.materialize(*DERIVED)
    assert ticks.requested() == set()


def test_counts_that_come_after_the_request_or_after_the_derivation_are_not_forgotten(ticks: Ticks) -> None:
    assert ticks.requested(NEW) == {NEW}
    assert ticks.requested(NEW) == {NEW}
    ticks.materialize(*DERIVED)
    assert ticks.requested(NEW) == {NEW}
    assert ticks.requested() == set()


def test_an_old_hour_that_was_collected_again_is_followed_too(ticks: Ticks) -> None:
    assert ticks.requested(OLD) == {OLD}
    assert ticks.requested(OLD, NEW) == {OLD, NEW}
    assert ticks.requested() == set()


def test_stays_that_arrive_alone_are_followed_with_all_tables(ticks: Ticks) -> None:
    ticks.materialize(STAYS)
    assert ticks.requested() == {NEW}
    ticks.materialize(*DERIVED)
    assert ticks.requested() == set()
