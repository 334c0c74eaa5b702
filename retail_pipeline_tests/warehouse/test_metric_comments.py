"""The database says of every figure what the registry says."""

import pytest

from retail_pipeline.frames import schemas
from retail_pipeline.frames.metrics import PUBLISHED, metrics_of
from retail_pipeline.frames.metrics.text import column_comment
from retail_pipeline.warehouse.connection import Warehouse

NO_FIGURES = {
    *("store_id", "organization_id", "hour_start", "hour_end", "local_date", "local_hour", "trading_day"),
    *("day_start", "day_end", "is_complete", "run_id", "input_version"),
}


@pytest.fixture
def comments(warehouse: Warehouse) -> dict[tuple[str, str], str]:
    """What the database says of each column, by table and column."""
    with warehouse.transaction() as connection:
        rows = connection.execute(
            "SELECT relname, attname, col_description(attrelid, attnum) FROM pg_attribute"
            " INNER JOIN pg_class ON pg_class.oid = attrelid WHERE relnamespace = 'retail'::regnamespace"
            " AND attnum > 0 AND NOT attisdropped AND relkind IN ('r', 'v')"
        ).fetchall()
    return {(table, column): comment for table, column, comment in rows}


def test_a_column_says_what_the_registry_says(comments: dict[tuple[str, str], str]) -> None:
    defined = {(table, metric.name): column_comment(metric) for metric in PUBLISHED for table in metric.tables}

    assert {column: comments.get(column) for column in defined} == defined


@pytest.mark.parametrize(
    ("table", "schema"),
    [("hourly_analytics", schemas.HOURLY_ANALYTICS), ("daily_summaries", schemas.DAILY_SUMMARIES)],
)
def test_every_figure_is_defined(comments: dict[tuple[str, str], str], table: str, schema: dict[str, object]) -> None:
    figures = {column for name, column in comments if name == table} - NO_FIGURES

    assert figures == set(metrics_of(table)) == set(schema) - NO_FIGURES
