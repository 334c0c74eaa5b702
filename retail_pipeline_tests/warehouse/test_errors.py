"""What is said when the warehouse can't be used: which one, why, what to do, and never the password."""

import re
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import psycopg
import pytest
import stamina

from retail_pipeline.warehouse import judge, queries, url
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.errors import (
    AccessDenied,
    InvalidDatabaseUrl,
    SchemaOutdated,
    WarehouseBusy,
    WarehouseError,
    WarehouseUnreachable,
    is_passing,
    warehouse_error,
)
from retail_pipeline_tests.warehouse.builders import NOON

SECRET = "s3cret"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("host=db.example dbname=retail password=s3cret", "has to look like postgresql://"),
        ("mysql://svc:s3cret@db.example/retail", "has to look like postgresql://"),
        ("postgresql+psycopg2://svc:s3cret@db.example/retail", "has to look like postgresql://"),
        ("postgresql://svc:s3cret#1@db.example/retail", "percent-encode it as %23"),
        ("postgresql://svc:s3cret/1@db.example/retail", "holds a /, ? or @ in its password"),
        ("postgresql://svc:1@s3cret@db.example/retail", "holds a /, ? or @ in its password"),
        ("postgresql://svc:s3cret?1@db.example/retail", "holds a /, ? or @ in its password"),
        ("postgresql://svc:s3cret[1@db.example/retail", "cannot be read"),
        ("postgresql://svc:s3cret@db.example/retail?colour=red", "cannot be read"),
        ("postgresql://svc:s3cret@db.example:port/retail", "Check that it runs"),
    ],
)
def test_a_url_that_is_none_is_refused_without_repeating_it(text: str, says: str) -> None:
    with pytest.raises((InvalidDatabaseUrl, WarehouseUnreachable)) as refusal:
        Warehouse(text).connect()
    assert says in str(refusal.value)
    assert SECRET not in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "sslmode"),
    [
        ("postgres://svc@db.example/retail", "verify-full"),
        ("postgresql://svc@db.example:6543/retail?sslmode=require", "require"),
        ("postgresql://svc@db/retail", None),
        ("postgresql://svc@127.0.0.1/retail", None),
        ("postgresql:///retail?host=/run/postgresql", None),
        ("postgresql://svc@[2001:db8::1]/retail", "verify-full"),
        ("postgresql://svc@[::1]/retail", None),
        ("postgresql:///retail?hostaddr=192.0.2.7", "verify-full"),
        ("postgresql://svc@db,db.example/retail", "verify-full"),
    ],
    ids=[
        *("a host on the internet", "stated", "a private name", "this machine", "a socket", "a number of IPv6"),
        *("this machine by IPv6", "an address beside no name", "one of two hosts"),
    ],
)
def test_tls_is_verified_unless_the_host_is_near(
    text: str, sslmode: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PGSSLMODE", raising=False)
    parsed = psycopg.conninfo.conninfo_to_dict(url.complete_url(text))
    assert parsed.get("sslmode") == sslmode
    assert parsed["connect_timeout"] == "10"
    assert parsed["dbname"] == "retail"


def test_libpq_s_own_setting_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGSSLMODE", "require")
    assert "sslmode=require" in url.complete_url("postgresql://svc@db.example/retail")


@pytest.mark.parametrize("mode", ["disable", "allow", "prefer"])
def test_without_tls_nothing_goes_to_a_host_that_is_not_local_unless_said_so(
    mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    far, near = (f"postgresql://svc:{SECRET}@{host}/retail?sslmode={mode}" for host in ("db.example", "db"))
    with pytest.raises(InvalidDatabaseUrl, match="in the clear") as refusal:
        Warehouse(far)
    assert SECRET not in str(refusal.value)
    monkeypatch.setenv("PGSSLMODE", mode)
    with pytest.raises(InvalidDatabaseUrl, match=url.WITHOUT_TLS):
        Warehouse("postgresql://svc@db.example/retail")

    assert Warehouse(near)
    monkeypatch.setenv(url.WITHOUT_TLS, "yes")
    assert f"sslmode={mode}" in url.complete_url(far)


def test_a_warehouse_says_where_it_is_and_not_who_comes_in() -> None:
    warehouse = Warehouse(f"postgresql://svc:{SECRET}@db.example:6543/retail")
    assert repr(warehouse) == "Warehouse(database retail on db.example:6543)"
    assert url.describe("postgresql://") == "database (default) on this machine"


def test_a_server_that_does_not_answer_is_named() -> None:
    warehouse = Warehouse(f"postgresql://svc:{SECRET}@127.0.0.1:1/retail", patience_s=0.01)
    with pytest.raises(WarehouseUnreachable, match=r"database retail on 127\.0\.0\.1:1.*Check that it runs") as writing:
        warehouse.connect()
    with pytest.raises(WarehouseUnreachable, match=r"database retail on 127\.0\.0\.1:1.*Check that it runs") as reading:
        judge.stale_hours(warehouse, NOON)
    assert SECRET not in str(writing.value) + str(reading.value)


def test_a_database_that_is_not_there_is_named(empty_url: str) -> None:
    nowhere = empty_url.replace("/test_", "/nowhere_")
    assert nowhere != empty_url
    with pytest.raises(WarehouseUnreachable, match=r'database "nowhere_\w+" does not exist'):
        Warehouse(nowhere).connect()


def test_without_migrations_reading_and_writing_say_migrate(empty_url: str) -> None:
    warehouse = Warehouse(empty_url)
    with pytest.raises(SchemaOutdated, match="Run `retail-pipeline migrate`"):
        judge.stale_hours(warehouse, NOON)
    with pytest.raises(SchemaOutdated, match="Run `retail-pipeline migrate`"), warehouse.transaction() as connection:
        connection.execute("SELECT * FROM retail.stores")


def test_a_statement_that_takes_too_long_is_cut_off(empty_url: str) -> None:
    impatient = Warehouse(empty_url, statement_timeout_s=0.05)
    with pytest.raises(WarehouseBusy, match="next tick"), impatient.transaction() as connection:
        connection.execute("SELECT pg_sleep(30)")


@pytest.mark.parametrize(
    ("reason", "advice"),
    [
        ('root certificate file "/root/.postgresql/root.crt" does not exist', "sslrootcert="),
        ("server does not support SSL, but SSL was required", "sslmode=disable is for private networks only"),
        ('password authentication failed for user "svc"', "Check user and password"),
        ("Connection refused", "right host, port and database"),
        ("FATAL:  Tenant or user not found", "ROLE.PROJECT"),
        ('server certificate for "pooler" does not match host name "db"', "for which the certificate"),
        ("Network is unreachable", "IPv6 address only"),
        ('could not translate host name "db.x" to address: No address associated with hostname', "IPv6 address only"),
        ('could not translate host name "db.x" to address: Name or service not known', "paused or deleted"),
        ("FATAL:  MaxClientsInSessionMode: max clients reached", "pooler in transaction mode"),
    ],
)
def test_each_reason_has_its_advice(reason: str, advice: str) -> None:
    assert advice in str(warehouse_error(psycopg.OperationalError(reason), "database retail on db.example"))


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("SELECT * FROM retail.memberships", "permission denied for table memberships"),
        ("SELECT retail.protect_unprotected()", "permission denied for function"),
        ("CREATE TABLE retail.mine (id int)", "permission denied for schema retail"),
    ],
)
def test_what_a_role_may_not_do_names_the_role_that_may(warehouse: Warehouse, statement: str, says: str) -> None:
    def attempt() -> None:
        with warehouse.transaction() as connection:
            connection.execute("SET LOCAL ROLE retail_pipeline")
            connection.execute(statement.encode())

    with pytest.raises(AccessDenied, match=f"{says}.*Connect as the role retail_pipeline"):
        attempt()


@pytest.mark.parametrize(
    ("error", "is_mended"),
    [
        (psycopg.OperationalError("connection failed: Connection refused"), True),
        (psycopg.OperationalError("FATAL: the database system is starting up"), True),
        (psycopg.OperationalError("server closed the connection unexpectedly"), True),
        (psycopg.errors.TooManyConnections(), True),
        (psycopg.errors.AdminShutdown(), True),
        (psycopg.OperationalError('FATAL: password authentication failed for user "svc"'), False),
        (psycopg.OperationalError("FATAL: Tenant or user not found"), False),
        (psycopg.errors.InvalidCatalogName(), False),
        (psycopg.errors.QueryCanceled(), False),
        (psycopg.errors.UndefinedTable(), False),
        (RuntimeError("Connection refused"), False),
    ],
    ids=lambda value: repr(value)[:70],
)
def test_only_what_a_moment_mends_is_tried_again(error: Exception, is_mended: bool) -> None:
    assert is_passing(error) is is_mended


def test_a_server_that_comes_back_is_reached_without_anybody_noticing(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts = []
    connect = psycopg.connect

    def away_at_first(*arguments, **options):
        attempts.append(arguments)
        if len(attempts) < 3:
            raise psycopg.OperationalError("connection failed: Connection refused")
        return connect(*arguments, **options)

    monkeypatch.setattr(psycopg, "connect", away_at_first)
    with stamina.set_testing(testing=True, attempts=5), warehouse.transaction() as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert len(attempts) == 3


def test_a_read_whose_connection_breaks_is_read_anew(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    with warehouse.transaction() as connection:
        connection.execute("CREATE SEQUENCE IF NOT EXISTS public.tries; ALTER SEQUENCE public.tries RESTART")
    ends_itself = "pg_terminate_backend(pg_backend_pid())::text"
    breaks_once = f"SELECT CASE WHEN nextval('public.tries') = 1 THEN {ends_itself} ELSE 'here' END AS found"
    monkeypatch.setattr("retail_pipeline.warehouse.connection.query", lambda _: breaks_once)

    with stamina.set_testing(testing=True, attempts=3):
        assert warehouse.read("any")["found"].to_list() == ["here"]


def test_batches_that_break_off_amid_their_rows_are_an_error_of_the_warehouse(warehouse: Warehouse) -> None:
    breaks_off = "SELECT 1 / (50000 - n) AS share FROM generate_series(1, 60000) AS n"
    words = "The database .* broke off amid its rows: .*division by zero.* Ask for them again"

    with pytest.raises(WarehouseError, match=words), warehouse.batches(breaks_off) as frames:
        list(frames)


def test_what_fails_while_batches_are_written_is_not_the_warehouse(warehouse: Warehouse) -> None:
    def write(frames: Iterator[pl.DataFrame]) -> None:
        raise OSError(f"disk full after {next(frames).height} rows")

    with pytest.raises(OSError, match="disk full"), warehouse.batches("SELECT 1 AS one") as frames:
        write(frames)


def test_anything_else_is_said_as_the_server_said_it() -> None:
    error = warehouse_error(psycopg.errors.DivisionByZero("division by zero"), "database retail")
    assert type(error) is WarehouseError
    assert str(error) == "The database retail refused a statement: division by zero"


@pytest.mark.parametrize("path", sorted((queries.sql_home() / "queries").glob("*.sql")), ids=lambda path: path.stem)
def test_every_query_says_its_grain_its_key_and_its_caller(path: Path) -> None:
    comment = " ".join(line for line in path.read_text().splitlines() if line.startswith("--"))
    assert re.search(r"Grain.* [Kk]ey.* Caller: warehouse/\w+\.py", comment)
    caller = re.search(r"Caller: warehouse/(\w+\.py)", comment)
    assert caller
    package = Path(queries.__file__).parent
    assert f'"{path.stem}"' in (package / caller[1]).read_text()


@pytest.mark.parametrize("value", ["it's", 'a "b"', "back\\slash", "'; DROP SCHEMA retail; --", "%(now)s", ""])
def test_a_value_stays_a_value_whatever_it_holds(
    warehouse: Warehouse, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "retail_pipeline.warehouse.connection.query", lambda _: "SELECT %(value)s::text AS value, 1 AS one"
    )
    assert warehouse.read("any", {"value": value}).rows() == [(value, 1)]


def test_a_value_that_is_missing_is_an_error() -> None:
    with pytest.raises(KeyError, match="since"):
        queries.render("SELECT %(since)s", {})


def test_an_installed_package_finds_its_sql_beside_its_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        queries, "__file__", str(tmp_path / "site-packages" / "retail_pipeline" / "warehouse" / "queries.py")
    )
    assert queries.sql_home() == Path(sysconfig.get_path("data")) / "share" / "retail_pipeline" / "sql"
