"""Every check over a hundred stores: a handful of statements, and findings that say where, when, how much and what."""

import datetime as dt
from collections.abc import Collection, Iterator, Mapping

import polars as pl
import pytest

from retail_pipeline.fleet.models import Fleet, Report
from retail_pipeline.frames import schemas
from retail_pipeline.steps.health import CHECKS, evaluate, record_health, words
from retail_pipeline.warehouse import tables
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.fleet_tables import sync_fleet
from retail_pipeline.warehouse.migrations import migrate
from retail_pipeline_tests.shops import door, fleet_of, shop, utc

NOW = utc("2026-11-18 12:45")
HOUR = dt.timedelta(hours=1)
OPEN = NOW.replace(minute=0)
BOTH = {"reports": ["lines", "regions"], "regions": {1: "hall"}}
HALL = {"zones": {"hall": {"kind": "entrance", "name": "Hall"}}}


def stores(count: int) -> Fleet:
    names = [f"shop-{number:03}" for number in range(count)]
    return fleet_of(*(shop(name, door(f"{name}-a", **BOTH), door(f"{name}-b", **BOTH), **HALL) for name in names))


FLEET = stores(100)


class Counting(Warehouse):
    """Counts the statements that are read with."""

    statements = 0

    def read(self, name: str, values: Mapping[str, object] | None = None) -> pl.DataFrame:
        self.statements += 1
        return super().read(name, values)


@pytest.fixture(scope="module")
def url(postgres) -> Iterator[str]:
    import psycopg

    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute("CREATE DATABASE a_hundred_stores TEMPLATE template0 STRATEGY file_copy")
        yield filled(postgres.url("a_hundred_stores"))
        connection.execute("DROP DATABASE a_hundred_stores WITH (FORCE)")


def filled(url: str) -> str:
    """Three days of both reports of every device, but for two hours of one and an implausible count of another."""
    migrate(url)
    with Warehouse(url).transaction() as connection:
        sync_fleet(connection, FLEET, NOW)
        for report, schema in ((Report.LINES, schemas.RAW_SENSOR_COUNTS), (Report.REGIONS, schemas.REGIONAL_COUNTS)):
            tables.write_counts(connection, report, reported(schema))
    return url


def reported(schema: pl.Schema) -> pl.DataFrame:
    hours = pl.DataFrame({"interval_start": [OPEN - n * HOUR for n in range(1, 85)]}).with_row_index("ago")
    devices = pl.DataFrame(
        [(device.id, store.id, "acme") for store in FLEET.stores for device in store.sensors],
        schema=["sensor_id", "store_id", "organization_id"],
        orient="row",
    )
    rows = devices.join(hours, how="cross").with_columns(
        (pl.col("interval_start") + HOUR).alias("interval_end"),
        pl.lit(value=True).alias("is_complete"),
        pl.lit(1).alias("reply_id"),
        pl.lit(OPEN + HOUR / 30).alias("collected_at"),
    )
    figures = [name for name in schema if name not in rows.columns]
    counts = rows.with_columns((pl.lit(10) + pl.col("ago") % 7).alias(name) for name in figures)
    is_silent = (pl.col("sensor_id") == "shop-007-b") & (pl.col("ago") < 2)
    swinging = pl.when(pl.col("ago") == 3, sensor_id="shop-042-a").then(20_000)
    counts = counts.with_columns(swinging.otherwise(pl.col(figures[0])).alias(figures[0]))
    return counts.filter(~is_silent).select(schema.names())


def judged(url: str, keys: Collection[str] | None = None, fleet: Fleet = FLEET) -> tuple[int, dict[str, pl.DataFrame]]:
    warehouse = Counting(url)
    outcomes = evaluate(fleet, warehouse, keys, NOW)
    return warehouse.statements, {key: outcome.findings for key, outcome in outcomes.items()}


def test_all_checks_of_a_hundred_stores_are_a_handful_of_statements(url: str) -> None:
    statements, outcomes = judged(url)
    assert outcomes.keys() == CHECKS.keys()
    assert statements <= 14
    assert judged(url, fleet=Fleet(organizations=FLEET.organizations, stores=FLEET.stores[:1]))[0] == statements


def test_what_no_check_of_a_run_looks_at_is_not_read(url: str) -> None:
    statements, outcomes = judged(url, ["regional_counts/all_sensors_reported"])
    assert statements == 2  # the counts, and what is excused
    assert list(outcomes) == ["regional_counts/all_sensors_reported"]


def test_each_report_has_its_own_checks_of_arrival(url: str) -> None:
    _, outcomes = judged(url)
    for table in ("raw_sensor_counts", "regional_counts"):
        for name in ("all_sensors_reported", "no_missing_intervals"):
            found = outcomes[f"{table}/{name}"].select("store_id", "sensor_id", "hour_start", "severity").rows()
            silent = [("shop-007", "shop-007-b", hour, "error") for hour in (OPEN - 2 * HOUR, OPEN - HOUR)]
            assert found == silent


def test_a_finding_says_store_hour_figure_threshold_and_what_to_do(url: str) -> None:
    outcome = evaluate(FLEET, Warehouse(url), ["raw_sensor_counts/counts_plausible"], NOW)
    [words] = [one.in_words() for one in outcome.values()]
    assert words == (
        "shop-042, 2026-11-18 08:00 UTC: line1_in of shop-042-a counted 20000 people in one interval: "
        "look for a swinging door or a wrong line before using the hour (20000, limit 10000)"
    )
    _, outcomes = judged(url)
    found = pl.concat(outcomes.values())
    assert found.height > 0
    told = ("store_id", "hour_start", "figure", "threshold", "advice")
    assert found.select(pl.col(told).null_count()).row(0) == (0, 0, 0, 0, 0)


def test_the_inspection_keeps_the_worst_of_each_stage_in_the_same_words(url: str) -> None:
    outcomes = evaluate(FLEET, Warehouse(url), None, NOW)
    assert record_health(FLEET, Warehouse(url), outcomes, NOW, "a-run") == 400
    with Warehouse(url).transaction() as connection:
        [(status, detail)] = connection.execute(
            "SELECT status, detail FROM retail.pipeline_health WHERE store_id = 'shop-007' AND stage = 'collection'"
        ).fetchall()
    assert status == "error"
    assert detail.startswith("2026-11-18 10:00 UTC: shop-007-b reported nothing")


@pytest.mark.parametrize(
    ("figure", "threshold", "said"),
    [
        pytest.param(121.0, 120.0, "2026-11-18 12:00 UTC: look (121, limit 120)", id="both"),
        pytest.param(7.0, None, "2026-11-18 12:00 UTC: look (7)", id="a limit that is told in the advice"),
        pytest.param(None, None, "2026-11-18 12:00 UTC: look", id="neither"),
    ],
)
def test_a_finding_without_a_limit_is_told_all_the_same(
    figure: float | None, threshold: float | None, said: str
) -> None:
    told = {"hour_start": OPEN, "advice": "look", "figure": figure, "threshold": threshold}
    finding = pl.DataFrame([told], schema_overrides={"figure": pl.Float64(), "threshold": pl.Float64()})
    assert finding.select(words()).item() == said


def test_long_stays_that_never_came_are_seen_though_the_stays_did(url: str) -> None:
    store = FLEET.stores[0]
    device = store.sensors[0].model_copy(update={"reports": (*store.sensors[0].reports, Report.LONG_STAYS)})
    asked = store.model_copy(update={"sensors": (device, *store.sensors[1:])})
    fleet = FLEET.model_copy(update={"stores": (asked, *FLEET.stores[1:])})

    _, outcomes = judged(url, ["regional_counts/long_stays_reported", "regional_counts/no_missing_intervals"], fleet)
    found = outcomes["regional_counts/long_stays_reported"]
    assert set(found.select("sensor_id", "severity").rows()) == {(device.id, "warn")}
    assert found.height >= 47
    assert device.id not in set(outcomes["regional_counts/no_missing_intervals"]["sensor_id"])
