"""Supabase's realtime publication gets what a live screen follows, where there is one."""

from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.migrations import migrate

LIVE = {"zone_occupancy_snapshots", "hourly_analytics", "zone_hours", "queue_alerts", "pipeline_health"}
PUBLISHED = "SELECT tablename FROM pg_publication_tables WHERE pubname = 'supabase_realtime' AND schemaname = 'retail'"


def published(url: str, made_before: str | None = None) -> set[str]:
    """Tables of the publication after all migrations, on a database in which it was `made_before`."""
    warehouse = Warehouse(url)
    if made_before:
        with warehouse.transaction() as connection:
            connection.execute(made_before.encode())
    migrate(url)
    with warehouse.transaction() as connection:
        return {str(name) for (name,) in connection.execute(PUBLISHED)}


def test_the_tables_of_a_live_screen_are_added_to_the_publication(empty_url: str) -> None:
    assert published(empty_url, "CREATE PUBLICATION supabase_realtime") == LIVE


def test_a_database_without_the_publication_gets_none(empty_url: str) -> None:
    assert published(empty_url) == set()


def test_a_publication_of_all_tables_has_them_already(empty_url: str) -> None:
    assert published(empty_url, "CREATE PUBLICATION supabase_realtime FOR ALL TABLES") > LIVE
