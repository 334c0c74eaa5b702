"""A start says everything that is wrong with its environment at once; what stops only a part is said and goes on."""

import json
from pathlib import Path

import pytest

from retail_pipeline import cli
from retail_pipeline.definitions import defs
from retail_pipeline.resources.configuration import check_configuration
from retail_pipeline.resources.dagster_storage import external_url
from retail_pipeline.settings import ConfigurationError
from retail_pipeline_tests.shops import door, shop


@pytest.fixture
def fleet_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("RETAIL_DATABASE_URL", "DAGSTER_POSTGRES_URL", "RETAIL_ALERT_URLS", "RETAIL_ORGANIZATIONS"):
        monkeypatch.delenv(name, raising=False)
    doors = [door("north", credential="SHOPS"), door("south", credential="SHOPS"), door("east", credential="OTHER")]
    declared = {
        "organizations": [{"id": "acme", "name": "Acme", "recipients": ["AREA"]}],
        "stores": [shop("oslo", *doors, recipients=["MANAGERS"])],
    }
    path = tmp_path / "fleet.yaml"
    path.write_text(json.dumps(declared))
    monkeypatch.setenv("RETAIL_FLEET", str(path))
    return path


@pytest.mark.usefixtures("fleet_file")
def test_everything_that_is_wrong_is_said_in_one_message_that_holds_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETAIL_DATABASE_URL", "mysql://retail:pa55word@db.example/retail")
    monkeypatch.setenv("DAGSTER_POSTGRES_URL", "sqlite:///pa55word")
    monkeypatch.setenv("RETAIL_ALERT_URLS", "nosuchservice://pa55word")
    monkeypatch.setenv("RETAIL_ORGANIZATIONS", "acme,acne")
    monkeypatch.setenv("RETAIL_HORIZON_DAYS", "1")
    monkeypatch.setenv("RETAIL_LOCATION", "North!")

    with pytest.raises(ConfigurationError) as refused:
        defs()

    expected = ("RETAIL_DATABASE_URL has", "DAGSTER_POSTGRES_URL has", "RETAIL_ALERT_URLS: ", "names acne")
    for words in (*expected, "RETAIL_HORIZON_DAYS: ", "RETAIL_LOCATION: "):
        assert words in str(refused.value)
    assert len(str(refused.value).splitlines()) == 7
    assert "pa55word" not in str(refused.value)


def test_a_fleet_file_is_among_what_is_wrong(fleet_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fleet_file.write_text("stores: [{id: oslo}]")
    monkeypatch.setenv("DAGSTER_POSTGRES_URL", "sqlite:///dagster")

    with pytest.raises(ConfigurationError) as refused:
        check_configuration()

    assert "fleet.yaml, line 1, stores[oslo].timezone: is missing" in str(refused.value)
    assert "DAGSTER_POSTGRES_URL has" in str(refused.value)


@pytest.mark.usefixtures("fleet_file")
def test_what_is_missing_for_devices_and_recipients_is_said_and_stops_only_them(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("RETAIL_CREDENTIAL_SHOPS_USERNAME", "svc")
    monkeypatch.setenv("RETAIL_CREDENTIAL_OTHER_USERNAME", "svc")
    monkeypatch.setenv("RETAIL_CREDENTIAL_OTHER_PASSWORD", "pa55word")
    monkeypatch.delenv("RETAIL_CREDENTIAL_SHOPS_PASSWORD", raising=False)
    for name in ("AREA", "MANAGERS"):
        monkeypatch.delenv(f"RETAIL_REPORT_URLS_{name}", raising=False)

    assert defs().resolve_all_asset_specs()

    assert caplog.messages == [
        "RETAIL_REPORT_URLS_AREA is not set in the environment of the daemon and its runs",
        "RETAIL_REPORT_URLS_MANAGERS is not set in the environment of the daemon and its runs",
        "RETAIL_CREDENTIAL_SHOPS_PASSWORD: not set; 2 devices will refuse to be asked.",
    ]


@pytest.mark.usefixtures("fleet_file")
def test_a_command_says_the_same_as_the_code_location_and_exits_with_2(monkeypatch, capsys) -> None:
    monkeypatch.setenv("RETAIL_DATABASE_URL", "postgresql://svc:pa55/word@db.example/retail")
    monkeypatch.setenv("RETAIL_HORIZON_DAYS", "1")

    with pytest.raises(SystemExit) as ended:
        cli.main(["status", "--json"])

    said = capsys.readouterr()
    assert ended.value.code == 2
    assert "RETAIL_DATABASE_URL holds a /, ? or @ in its password" in said.err
    assert "RETAIL_HORIZON_DAYS: " in said.err
    assert "pa55" not in said.err + said.out


def test_a_command_that_leads_to_a_configuration_needs_none(fleet_file, monkeypatch, capsys) -> None:
    monkeypatch.setenv("RETAIL_DATABASE_URL", "mysql://nowhere")

    with pytest.raises(SystemExit) as ended:
        cli.main(["fleet", "check", str(fleet_file)])

    assert ended.value.code == 0
    assert "nothing wrong" in capsys.readouterr().out.replace("\n", " ")


@pytest.mark.parametrize("url", ["postgresql+psycopg2://svc:pa55/word@db/dagster", "sqlite:///pa55word"])
def test_dagster_s_storage_refuses_a_url_that_is_none_without_repeating_it(monkeypatch, url) -> None:
    monkeypatch.setenv("DAGSTER_POSTGRES_URL", url)
    with pytest.raises(ConfigurationError, match="DAGSTER_POSTGRES_URL ") as refused:
        external_url()
    assert "pa55" not in str(refused.value)


@pytest.mark.usefixtures("fleet_file")
def test_certificates_that_are_not_there_are_named(monkeypatch) -> None:
    url = "postgresql://svc:pa55word@db.example/retail?sslrootcert=/no/such.crt"
    monkeypatch.setenv("RETAIL_DATABASE_URL", url)
    with pytest.raises(ConfigurationError, match="and there is no such file"):
        check_configuration()
