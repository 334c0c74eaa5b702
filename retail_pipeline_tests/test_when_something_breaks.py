"""The README's table of things that break is held to the code: all that can be seen is there, and nothing else."""

import re
from pathlib import Path

import polars as pl
import psycopg
import pytest

from retail_pipeline.definitions import build_defs
from retail_pipeline.steps.alerts.standstill import headline
from retail_pipeline.steps.alerts.words import messages
from retail_pipeline.steps.collect import Collected
from retail_pipeline.steps.recover import close_lost_gaps
from retail_pipeline.steps.status import gather_status
from retail_pipeline.warehouse import gaps
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline_tests.shops import fleet_of, shop, utc
from retail_pipeline_tests.steps.alerts.test_words import FLEET, other, silent
from retail_pipeline_tests.steps.test_status import DAY, HOUR, NOW, declare, inspect, poll
from retail_pipeline_tests.terminal.test_status_page import shown

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
[TABLE] = re.findall(r"\| you see \| .+ \|\n\|(?:---\|)+\n((?:\|.*\n)+)", README)
RULES = """
    SELECT pg_get_constraintdef(oid) FROM pg_constraint
    WHERE conrelid = ('retail.' || %s)::regclass AND contype = 'c'
"""


def seen(kind: str) -> set[str]:
    """What the first column quotes in rows of a kind: `cause`, `circuit`, `check`, `status`, `alert`, `log`."""
    cells = [row.removeprefix("| ").split(" | ")[0] for row in TABLE.splitlines()]
    return {words for cell in cells if cell.startswith(kind) for words in re.findall(r"`([^`]+)`", cell)}


def assert_said(kind: str, sentences: list[str]) -> None:
    """Every sentence is in the table, and everything quoted there is in a sentence."""
    assert seen(kind)
    assert [one for one in sentences if not any(words in one for words in seen(kind))] == []
    assert [words for words in seen(kind) if not any(words in one for one in sentences)] == []


@pytest.mark.parametrize(
    ("kind", "table", "column"), [("cause", "collection_gaps", "cause"), ("circuit", "device_health", "circuit")]
)
def test_every_word_that_the_warehouse_allows_is_there(emptied_url: str, kind: str, table: str, column: str) -> None:
    with psycopg.connect(emptied_url) as connection:
        rules = [rule for (rule,) in connection.execute(RULES, [table])]
    [allowed] = [rule for rule in rules if re.match(rf"CHECK \(\({column} = ANY ", rule)]

    assert seen(kind) == set(re.findall(r"'(\w+)'", allowed))


def test_every_check_is_there() -> None:
    graph = build_defs(now=utc("2026-11-20 12:00")).resolve_asset_graph()

    assert seen("check") == {key.name for key in graph.asset_check_keys}


def test_every_title_of_an_alert_is_there() -> None:
    of_all = {"organization_id": None, "store_id": None}
    incidents = [
        silent(),
        other("check", "shop-1: collection", 2, "collection"),
        other("freshness", "hourly_analytics", 3, "stale", **of_all),
        other("run", "a_job", 4, "KeyError", **of_all),
    ]

    assert_said("alert", [headline(""), *(message.title for message in messages(incidents, FLEET))])


def test_what_makes_status_unhealthy_is_there(emptied_url: str) -> None:
    warehouse = Warehouse(emptied_url)
    fleet = declare(warehouse, fleet_of(shop()), NOW - 30 * DAY)
    nothing = gather_status(fleet, warehouse, [], NOW)
    for before in (3, 2, 1):
        poll(warehouse, fleet, NOW - before * HOUR, "unreachable: no route")
    never_inspected = gather_status(fleet, warehouse, [], NOW)
    inspect(warehouse, fleet, NOW - 3 * HOUR)
    long_ago = gather_status(fleet, warehouse, [], NOW)
    new = declare(warehouse, fleet_of(shop("new", live_since="2026-11-21")), NOW)
    poll(warehouse, new, NOW)
    so_far = shown(gather_status(new, warehouse, [], NOW)).splitlines()[0]

    told = [*nothing.problems, *never_inspected.problems, *long_ago.problems, so_far]
    assert_said("status", list(dict.fromkeys(told)))


def test_what_is_logged_is_there(emptied_url: str) -> None:
    warehouse = Warehouse(emptied_url)
    declare(warehouse, fleet_of(shop()), NOW - 30 * DAY)
    forgotten = {"sensor_id": "shop-1-door", "store_id": "shop-1", "organization_id": "acme", "report": "lines"}
    forgotten |= {"hour_start": NOW - DAY, "cause": "unreachable", "detail": "no route", "deadline": NOW}
    with warehouse.transaction() as connection:
        gaps.open_missing(connection, pl.DataFrame([forgotten]), NOW - DAY)

    assert_said("log", [Collected().in_words(), *close_lost_gaps(warehouse, NOW + HOUR)])
