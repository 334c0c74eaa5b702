"""TLS to a server whose certificate an authority of our own has signed, as Supabase's have: verified, or refused."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.errors import WarehouseUnreachable
from retail_pipeline_tests.conftest import temporary_home
from retail_pipeline_tests.older_postgres import is_15_installed, older_postgres

OPENSSL = shutil.which("openssl")
_LOGINS = """
local all all trust
hostssl all svc 127.0.0.1/32 scram-sha-256
hostssl all postgres 127.0.0.1/32 trust
"""


@pytest.fixture(scope="module")
def authority() -> Iterator[Path]:
    """A folder with `ca.crt`, and key and certificate of a server that is called localhost."""
    if OPENSSL is None or not is_15_installed():
        pytest.skip("PostgreSQL 15 or openssl is not installed: verified TLS is not tested here")
    home = temporary_home()
    (home / "names").write_text("subjectAltName=DNS:localhost\n")
    for name in ("ca", "other"):
        openssl(home, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                "-keyout", f"{name}.key", "-out", f"{name}.crt", "-days", "2", "-subj", f"/CN={name}")  # fmt: skip
    openssl(home, "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=localhost")  # fmt: skip
    openssl(home, "x509", "-req", "-in", "server.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial",
            "-out", "server.crt", "-days", "2", "-extfile", "names")  # fmt: skip
    if os.geteuid() == 0:
        shutil.chown(home / "server.key", "postgres")
        shutil.chown(home / "server.crt", "postgres")
    yield home
    shutil.rmtree(home)


def openssl(home: Path, *arguments: str) -> None:
    subprocess.run([OPENSSL, *arguments], check=True, cwd=home, capture_output=True)


@pytest.fixture(scope="module")
def port(authority: Path) -> Iterator[int]:
    """A server on loopback that speaks TLS and lets `svc` in by password; a login without TLS is refused."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = free.getsockname()[1]
    home = temporary_home()
    with older_postgres(home, fsync="off", listen_addresses="127.0.0.1", port=str(number)) as url_of:
        with psycopg.connect(url_of("postgres"), autocommit=True) as admin:
            for name, value in (("cert", "server.crt"), ("key", "server.key")):
                admin.execute(f"ALTER SYSTEM SET ssl_{name}_file = '{authority / value}'".encode())
            admin.execute("ALTER SYSTEM SET ssl = on")
            admin.execute("CREATE ROLE svc LOGIN PASSWORD 'right'")
            [hba] = admin.execute("SHOW hba_file").fetchone()
            Path(hba).write_text(_LOGINS)
            admin.execute("SELECT pg_reload_conf()")
        yield number
    shutil.rmtree(home)


def url(port: int, authority: Path, host: str = "localhost", mode: str = "verify-full", ca: str = "ca") -> str:
    where = f"postgresql://svc:right@{host}:{port}/postgres?sslmode={mode}"
    return f"{where}&sslrootcert={authority / ca}.crt" if ca else where


def test_a_certificate_of_the_named_authority_is_good_for_writes_and_reads(
    port: int, authority: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_safe = "SELECT ssl::text AS is_safe FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
    warehouse = Warehouse(url(port, authority))
    monkeypatch.setattr("retail_pipeline.warehouse.connection.query", lambda _: is_safe)

    with warehouse.transaction() as connection:
        assert connection.execute(is_safe.encode()).fetchone() == ("true",)
    assert warehouse.read("any")["is_safe"].to_list() == ["true"]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"ca": "other"}, "add sslrootcert=FILE"),
        ({"ca": ""}, "add sslrootcert=FILE"),
        ({"host": "127.0.0.1"}, "Use the host name for which the certificate"),
        ({"mode": "disable"}, "no encryption"),
    ],
    ids=["another authority", "no authority", "another name", "no TLS at all"],
)
def test_anything_else_is_refused_and_says_what_to_do(
    port: int, authority: Path, changes: dict[str, str], says: str
) -> None:
    warehouse = Warehouse(url(port, authority, **changes))
    for use in (warehouse.connect, lambda: warehouse.read("device_health")):
        with pytest.raises(WarehouseUnreachable) as refusal:
            use()
        assert says in str(refusal.value)
        assert "right@" not in str(refusal.value)


def test_a_wrong_password_is_said_at_once(port: int, authority: Path) -> None:
    wrong = Warehouse(url(port, authority).replace(":right@", ":wr0ng@"))
    with pytest.raises(WarehouseUnreachable, match="Check user and password") as refusal:
        wrong.connect()
    assert "wr0ng" not in str(refusal.value)
