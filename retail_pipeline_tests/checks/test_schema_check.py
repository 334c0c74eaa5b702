"""`warehouse_schema_matches` and `retail-pipeline schema`: the same drift, in the UI and in the terminal."""

from collections.abc import Iterator
from io import StringIO

import dagster as dg
import psycopg
import pytest
from rich.console import Console

from retail_pipeline.definitions import build_defs
from retail_pipeline.terminal.schema import fix_drift, show_drift
from retail_pipeline.warehouse.migrations import migrate
from retail_pipeline_tests.shops import utc


@pytest.fixture
def damaged(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A warehouse with a comment missing and a table of somebody's own."""
    migrate(database_url)
    monkeypatch.setenv("RETAIL_DATABASE_URL", database_url)
    with psycopg.connect(database_url) as connection:
        connection.execute("COMMENT ON TABLE retail.stores IS NULL")
        connection.execute("CREATE TABLE retail.mine (id int)")
    return database_url


def evaluation() -> dg.AssetCheckEvaluation:
    definitions = build_defs(now=utc("2026-11-20 12:00"))
    selected = dg.AssetSelection.checks(dg.AssetCheckKey(dg.AssetKey("pipeline_health"), "warehouse_schema_matches"))
    job = dg.define_asset_job("only_this", selection=selected)
    with dg.DagsterInstance.ephemeral() as instance:
        result = (
            dg.Definitions.merge(definitions, dg.Definitions(jobs=[job]))
            .resolve_job_def("only_this")
            .execute_in_process(instance=instance)
        )
        [found] = result.get_asset_check_evaluations()
    return found


def said(action, **options) -> tuple[int, str]:
    console = Console(file=StringIO(), width=200)
    return action(console, **options), console.file.getvalue()


@pytest.mark.usefixtures("damaged")
def test_drift_is_red_in_the_ui_told_in_the_terminal_and_repaired_on_demand() -> None:
    red = evaluation()
    assert (red.passed, red.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert "missing comment: TABLE retail.stores" in red.description

    code, told = said(show_drift)
    assert code == 1
    assert "extra table: retail.mine" in told
    assert "2 differences" in told

    code, told = said(fix_drift, apply=False, allow_destructive=False)
    assert code == 1
    assert "COMMENT ON TABLE retail.stores IS 'Shops." in told
    assert "-- withheld, it needs --allow-destructive: DROP TABLE retail.mine;" in told

    assert said(fix_drift, apply=True, allow_destructive=False)[0] == 1
    only_extra = evaluation()
    assert (only_extra.passed, only_extra.severity) == (False, dg.AssetCheckSeverity.WARN)

    assert said(fix_drift, apply=True, allow_destructive=True)[0] == 0
    assert evaluation().passed
    assert said(show_drift)[0] == said(fix_drift, apply=False, allow_destructive=False)[0] == 0


def test_a_repair_waits_for_the_migrations(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETAIL_DATABASE_URL", database_url)

    code, told = said(fix_drift, apply=True, allow_destructive=True)

    assert (code, "Run `retail-pipeline migrate` first" in told) == (1, True)
    assert "missing schema: retail" in said(show_drift)[1]


def test_a_role_that_row_security_blinds_is_told(damaged: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with psycopg.connect(damaged) as connection:
        connection.execute("ALTER ROLE authenticated LOGIN")
    monkeypatch.setenv("RETAIL_DATABASE_URL", damaged.replace("//postgres@", "//authenticated@"))

    assert "Row level security hides every row from this role" in said(show_drift)[1]
