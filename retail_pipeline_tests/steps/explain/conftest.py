"""Three shops of the demo over two days, and the same two weeks before: collected over HTTP, derived, summed up."""

import datetime as dt
from collections.abc import Callable, Iterator

import pytest

from retail_pipeline.fleet.models import Fleet, Report
from retail_pipeline.local.demo import demo_fleet, demo_scenario_path
from retail_pipeline.local.postgres import PostgresHandle
from retail_pipeline.local.simulator.scenario import load_scenario
from retail_pipeline.steps.derive import derive_hours
from retail_pipeline.steps.explain.answer import explain
from retail_pipeline.steps.explain.document import Explanation
from retail_pipeline.steps.explain.question import read_question
from retail_pipeline.steps.outlook import draw_heat_maps, plan_staffing
from retail_pipeline.steps.summarise import summarise_days
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.migrations import migrate
from retail_pipeline_tests.conftest import fresh_database
from retail_pipeline_tests.local.simulator.running import running_simulator
from retail_pipeline_tests.shops import utc
from retail_pipeline_tests.steps.played import HOUR, Played

NOW = utc("2024-11-23 14:32")
"""A Saturday, past for every real process; in all three shops the trading day of Friday 2024-11-22 is over."""

DAY = dt.date(2024, 11, 22)
WEEK = dt.timedelta(weeks=1)
SALES = """
INSERT INTO retail.transactions (store_id, organization_id, hour_start, transactions, sales, units, source, loaded_at)
SELECT 'lisbon-01', 'demo-shops', hour_start, 9, 210.50, 11, 'till.csv', now()
FROM retail.hourly_analytics
WHERE store_id = 'lisbon-01' AND trading_day = '2024-11-22' AND is_business_hour
"""
Ask = Callable[..., Explanation]


def demo_shops(*names: str) -> Fleet:
    """Shops of the demo, their devices without a secret."""
    fleet = demo_fleet()
    shops = [fleet.store(name) for name in names]
    open_doors = [
        shop.model_copy(update={"sensors": tuple(one.model_copy(update={"credential": None}) for one in shop.sensors)})
        for shop in shops
    ]
    return fleet.model_copy(update={"stores": tuple(open_doors)})


@pytest.fixture(scope="session")
def played(postgres: PostgresHandle) -> Iterator[Played]:
    """The shops and their warehouse; tests only read it."""
    fleet = demo_shops("lisbon-01", "lisbon-02", "replay-los-angeles")
    with fresh_database(postgres) as url, running_simulator(fleet, load_scenario(demo_scenario_path())) as simulator:
        migrate(url)
        shops = Played(fleet, simulator, Warehouse(url), url)
        for now in (NOW - 2 * WEEK, NOW - WEEK, NOW):
            live(shops, now)
        shops.collect(NOW, Report.LONG_STAYS, hours=48)
        derive(shops, NOW)
        shops.sql(SALES)
        plan_staffing(shops.fleet, shops.warehouse, NOW, "a-plan")
        draw_heat_maps(shops.fleet, shops.warehouse, NOW, "a-plan")
        yield shops


@pytest.fixture(scope="session")
def ask(played: Played) -> Ask:
    """Asks as the command does: `ask("lisbon-01", hour="2024-11-22T17:00")`."""
    return asking(played)


def live(shops: Played, now: dt.datetime) -> None:
    """Collect and derive the last two days."""
    for report in (Report.LINES, Report.REGIONS):
        shops.collect(now, report, hours=48)
    derive(shops, now)


def derive(shops: Played, now: dt.datetime, run_id: str = "a-run") -> None:
    """Bring hours and days up to date with the counts."""
    last = now.replace(minute=0, second=0, microsecond=0)
    hours = [last - n * HOUR for n in range(48)]
    derived = derive_hours(shops.fleet, shops.warehouse, dict.fromkeys(shops.fleet.store_ids, hours), now, run_id)
    recent = [now.date() - n * 24 * HOUR for n in range(3)]
    days = dict.fromkeys(shops.fleet.store_ids, recent)
    summed_up = summarise_days(shops.fleet, shops.warehouse, days, now, run_id, due_only=False, since=now - WEEK)
    assert (derived.failed, summed_up.failed) == ({}, {})


def asking(shops: Played, now: dt.datetime = NOW) -> Ask:
    """Asks about the shops at a time."""

    def ask(
        store_id: str,
        hour: str | None = None,
        day: dt.date | None = None,
        zone: str | None = None,
        metric: str | None = None,
        **more: str,
    ) -> Explanation:
        question = read_question(shops.fleet, store_id, hour, day, zone, metric, **more)
        return explain(question, shops.warehouse, now)

    return ask
