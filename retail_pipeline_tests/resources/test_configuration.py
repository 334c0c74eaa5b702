"""A start says everything that is wrong with its environment at once; what stops only a part is said and goes on."""

import json
from pathlib import Path

import pytest

from retail_pipeline.definitions import defs
from retail_pipeline.resources.configuration import check_configuration
from retail_pipeline.settings import ConfigurationError
from retail_pipeline_tests.shops import door, shop


@pytest.fixture
def fleet_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("RETAIL_DATABASE_URL", "DAGSTER_POSTGRES_URL", "RETAIL_ALERT_URLS", "RETAIL_ORGANIZATIONS"):
        monkeypatch.delenv(name, raising=False)
    doors = [door("north", credential="SHOPS"), door("south", credential="SHOPS"), door("east", credential="OTHER")]
    declared = {
        "organizations": [{"id": "acme", "name": "Acme"}],
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

    with pytest.raises(ConfigurationError) as refused:
        defs()

    for expected in ("RETAIL_DATABASE_URL has", "DAGSTER_POSTGRES_URL: ", "RETAIL_ALERT_URLS: ", "names acne"):
        assert expected in str(refused.value)
    assert "pa55word" not in str(refused.value)


def test_a_fleet_file_is_among_what_is_wrong(fleet_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fleet_file.write_text("stores: [{id: oslo}]")
    monkeypatch.setenv("DAGSTER_POSTGRES_URL", "sqlite:///dagster")

    with pytest.raises(ConfigurationError) as refused:
        check_configuration()

    assert "fleet.yaml, line 1, stores[oslo].timezone: is missing" in str(refused.value)
    assert "DAGSTER_POSTGRES_URL: " in str(refused.value)


@pytest.mark.usefixtures("fleet_file")
def test_what_is_missing_for_devices_and_recipients_is_said_and_stops_only_them(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("RETAIL_CREDENTIAL_SHOPS_USERNAME", "svc")
    monkeypatch.setenv("RETAIL_CREDENTIAL_OTHER_USERNAME", "svc")
    monkeypatch.setenv("RETAIL_CREDENTIAL_OTHER_PASSWORD", "pa55word")
    monkeypatch.delenv("RETAIL_CREDENTIAL_SHOPS_PASSWORD", raising=False)
    monkeypatch.delenv("RETAIL_REPORT_URLS_MANAGERS", raising=False)

    assert defs().resolve_all_asset_specs()

    assert caplog.messages == [
        "RETAIL_REPORT_URLS_MANAGERS is not set in the environment of the daemon and its runs",
        "RETAIL_CREDENTIAL_SHOPS_PASSWORD: not set; 2 devices will refuse to be asked.",
    ]
