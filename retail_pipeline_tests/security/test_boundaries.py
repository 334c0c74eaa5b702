"""Where the pipeline lets somebody in, and where it goes: loopback, the fleet file's hosts, values and never SQL."""

import ast
import socket
import tomllib
from collections.abc import Iterator
from pathlib import Path

import dagster_webserver.cli
import pytest
from dagster._cli.dev import dev_command

import retail_pipeline
from retail_pipeline.devices.client import fetch_all
from retail_pipeline.devices.errors import AddressRefused, RedirectRefused
from retail_pipeline.devices.models import ClientLimits, Failure
from retail_pipeline.fleet.addresses import is_link_local
from retail_pipeline.warehouse import reads
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.queries import render
from retail_pipeline_tests.devices.test_client import an_ask
from retail_pipeline_tests.local.simulator.running import running_simulator
from retail_pipeline_tests.security.echoing import echoing_devices
from retail_pipeline_tests.shops import door, fleet_of, shop, utc

PACKAGE = Path(retail_pipeline.__file__).parent
ROOT = PACKAGE.parent
LIMITS = ClientLimits(connect_s=2.0, total_s=5.0, attempts=3)
HOSTILE = "x'); DROP TABLE retail.stores; -- \\' %(store_ids)s"


def test_the_user_interface_listens_on_loopback_unless_told_otherwise() -> None:
    [host] = [option for option in dagster_webserver.cli.dagster_webserver.params if option.name == "host"]
    assert host.default == "127.0.0.1"
    [host] = [option for option in dev_command.params if option.name == "host"]
    assert dev_command.make_context("dev", []).params["host"] is None  # the webserver's own
    for line in (ROOT / "Makefile").read_text().splitlines():
        assert "dagster dev" not in line or line.strip() == "exec dagster dev"


def test_the_simulated_devices_listen_on_loopback_only() -> None:
    with running_simulator(fleet_of(shop("shop-1", door("door")))) as simulator:
        port = int(simulator.base_url.rpartition(":")[2])
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.2", port), timeout=2)


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, list[str]]]:
    """Where names lead, by the test's own DNS."""
    found: dict[str, list[str]] = {}
    ordinary = socket.getaddrinfo

    def look_up(host, port, *rest, **more):
        if host not in found:
            return ordinary(host, port, *rest, **more)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found[host]]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return found


def test_a_name_that_leads_to_a_link_local_address_is_not_asked(names) -> None:
    names["sensor.example"] = ["169.254.169.254"]
    [answer] = fetch_all([an_ask(url="http://sensor.example")], lambda _: None, LIMITS)

    assert isinstance(answer, Failure)
    assert isinstance(answer.error, AddressRefused)
    assert answer.attempts == 1
    assert "allow_link_local" in answer.error.detail


def test_of_a_name_with_several_addresses_only_the_ordinary_ones_are_asked(names) -> None:
    with echoing_devices() as base:
        port = base.rpartition(":")[2]
        names["sensor.example"] = ["169.254.169.254", "127.0.0.1"]
        [answer] = fetch_all([an_ask(url=f"http://sensor.example:{port}/page")], lambda _: None, LIMITS)

    assert answer.status == 200


@pytest.mark.parametrize("host", ["fe80::1%eth0", "[fe80::1]", "169.254.0.1", "::ffff:169.254.1.1", "fd00:ec2::254"])
def test_link_local_and_metadata_addresses_are_known(host: str) -> None:
    assert is_link_local(host)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://sensor.example", "gopher://sensor.example", "//sensor"])
def test_devices_are_asked_over_http_and_nothing_else(url: str) -> None:
    with pytest.raises(ValueError, match="URL"):
        an_ask(url=url)


def test_a_value_never_becomes_a_part_of_a_statement(emptied_url: str) -> None:
    warehouse = Warehouse(emptied_url)
    rows = reads.raw_counts(warehouse, [HOSTILE], utc("2026-01-01 00:00"), utc("2026-01-02 00:00"))
    assert rows.is_empty()
    with warehouse.transaction() as connection:
        row = connection.execute(render("SELECT %(a)s::text, %(b)s::text", {"a": HOSTILE, "b": "it's"}).encode())
        assert row.fetchone() == (HOSTILE, "it's")
        assert connection.execute("SELECT to_regclass('retail.stores') IS NOT NULL").fetchone() == (True,)


def test_the_linter_for_statements_made_of_strings_is_on_for_the_package() -> None:
    lint = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]
    assert "S" in lint["select"]
    assert not any(rule.startswith("S6") for rule in lint["ignore"])
    for pattern, rules in lint["per-file-ignores"].items():
        assert "S608" not in rules or pattern in {"retail_pipeline_tests/**", "benchmarks/**"}
    assert not [path for path in PACKAGE.rglob("*.py") if "S608" in path.read_text()]


def test_no_statement_is_put_together_from_text() -> None:
    """What the linter does not see: an f-string, a sum or a `format` of text where SQL is run or made."""
    found = [
        f"{path.relative_to(PACKAGE)}:{call.lineno}"
        for path in PACKAGE.rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call) and _name(call.func) in {"execute", "executemany", "SQL", "copy"} and call.args
        if _is_made_of_text(call.args[0])
    ]
    # Its text comes from sql/schema.jsonl, which ships with the package.
    assert [place.partition(":")[0] for place in found] == ["warehouse/schema_description.py"]


def test_a_statement_made_of_text_would_be_found() -> None:
    calls = [
        "SQL(f'SELECT {a}')",
        "c.execute('SELECT ' + a)",
        "c.execute('SELECT %s' % a)",
        "c.execute('{}'.format(a))",
    ]
    for text in calls:
        [call] = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)][:1]
        assert _is_made_of_text(call.args[0]), text


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _is_made_of_text(node: ast.expr) -> bool:
    if isinstance(node, ast.JoinedStr):
        put_in = [part.value for part in node.values if isinstance(part, ast.FormattedValue)]
        return not all(isinstance(one, ast.Name) and one.id.isupper() for one in put_in)  # constants of the module
    if isinstance(node, ast.BinOp):
        return True
    is_format = isinstance(node, ast.Call) and _name(node.func) == "format" and isinstance(node.func, ast.Attribute)
    return is_format and isinstance(node.func.value, ast.Constant)


def test_a_proxy_of_the_environment_is_not_given_the_credential(monkeypatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with echoing_devices() as base:
        [answer] = fetch_all([an_ask(url=f"{base}/page")], lambda _: None, LIMITS)

    assert answer.status == 200


def test_a_redirect_to_another_host_is_not_followed() -> None:
    with echoing_devices() as base:
        secret = ("svc", "a-test-password")
        [answer] = fetch_all([an_ask(url=f"{base}/moved", credential="SHOPS")], lambda _: secret, LIMITS)

    assert isinstance(answer, Failure)
    assert isinstance(answer.error, RedirectRefused)
    assert answer.attempts == 1
