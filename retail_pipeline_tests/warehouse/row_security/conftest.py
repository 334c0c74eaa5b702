"""Tables that are stripped of all rules but those of who sees and writes what."""

from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest

from retail_pipeline.warehouse.migrations import migrate
from retail_pipeline_tests.warehouse.conftest import Session, UrlOf
from retail_pipeline_tests.warehouse.row_security.members import TABLES, fill, names

_STRIP = """
DO $$
DECLARE
    part record;
BEGIN
    FOR part IN
        SELECT conrelid::regclass AS place, conname FROM pg_constraint
        WHERE connamespace = 'retail'::regnamespace AND contype IN ('c', 'f')
    LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', part.place, part.conname);
    END LOOP;
    FOR part IN
        SELECT attrelid::regclass AS place, attname FROM pg_attribute INNER JOIN pg_class ON attrelid = pg_class.oid
        WHERE relnamespace = 'retail'::regnamespace AND relkind = 'r' AND attnum > 0 AND attnotnull AND attidentity = ''
        AND NOT EXISTS (SELECT FROM pg_index WHERE indrelid = attrelid AND indisprimary AND attnum = ANY (indkey))
    LOOP
        EXECUTE format('ALTER TABLE %s ALTER COLUMN %I DROP NOT NULL', part.place, part.attname);
    END LOOP;
END $$
"""


@pytest.fixture(scope="module")
def stripped(server: UrlOf) -> Iterator[str]:
    """A migrated database of three stores in two organizations, with one row per store in every table."""
    with Session(server, f"security_{uuid4().hex}", drop=True) as url:
        migrate(url)
        with psycopg.connect(url) as connection:
            connection.execute(_STRIP.encode())
            for table in names(connection, TABLES):
                if table != "memberships":
                    fill(connection, table)
        yield url


@pytest.fixture
def connection(stripped: str) -> Iterator[psycopg.Connection]:
    """A transaction of which nothing stays."""
    with psycopg.connect(stripped) as connection:
        yield connection
        connection.rollback()
