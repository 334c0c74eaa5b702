"""Addresses of `RETAIL_ALERT_URLS`: how they are read, and that they never show."""

import logging

import pytest

from retail_pipeline.resources.alert_receivers import alert_receivers, known_secrets
from retail_pipeline.settings import ConfigurationError
from retail_pipeline_tests.steps.alerts.receiving import running_receiver


def test_addresses_are_separated_by_blanks_or_commas_and_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "RETAIL_ALERT_URLS", "json://a.example/1, jsons://b.example/2 discord://123456/abcdef,json://a.example/1"
    )

    assert [one.name for one in alert_receivers()] == ["receiver 4 (JSON)", "receiver 2 (JSON)", "receiver 3 (Discord)"]


def test_nobody_is_told_when_the_variable_is_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for value in ("", None):
        monkeypatch.delenv("RETAIL_ALERT_URLS", raising=False)
        if value is not None:
            monkeypatch.setenv("RETAIL_ALERT_URLS", value)
        assert alert_receivers() == []


@pytest.mark.parametrize("wrong", ["nonsense://u:s3cr3t-address@x.example", "just-s3cr3t-address"])
def test_a_wrong_address_is_named_by_its_place_alone(wrong: str, monkeypatch, caplog, capfd) -> None:
    monkeypatch.setenv("RETAIL_ALERT_URLS", f"json://a.example, {wrong}")

    with caplog.at_level(logging.DEBUG), pytest.raises(ConfigurationError, match=r"address \d of \d") as raised:
        alert_receivers()

    assert "s3cr3t" not in f"{raised.value}{caplog.text}{capfd.readouterr()}"


def test_a_receiver_shows_neither_address_nor_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETAIL_ALERT_URLS", "json://svc:hunter22@a.example/hook")
    [receiver] = alert_receivers()

    assert not any(part in f"{receiver!r}{receiver.key}" for part in ("hunter22", "a.example"))
    assert receiver.key == alert_receivers()[0].key


def test_two_addresses_that_differ_in_their_target_only_are_two_receivers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "RETAIL_ALERT_URLS", "mailto://u:p@a.example?to=one@a.example mailto://u:p@a.example?to=two@a.example"
    )

    assert len({one.key for one in alert_receivers()}) == 2


def test_a_receiver_that_is_not_there_takes_nothing_and_raises_nothing(monkeypatch: pytest.MonkeyPatch, capfd) -> None:
    with running_receiver() as running:
        monkeypatch.setenv("RETAIL_ALERT_URLS", running.url)
        [receiver] = alert_receivers()
        assert receiver.send("a title", "a body", is_over=False)
        assert running.taken[0]["message"] == "a body"

    assert not receiver.send("a title", "a body", is_over=False)
    assert "a-receiver-secret" not in str(capfd.readouterr())


def test_passwords_of_devices_and_databases_and_addresses_are_known_as_secrets(monkeypatch) -> None:
    monkeypatch.setenv(
        "RETAIL_ALERT_URLS", "json://svc:an%40alert@a.example, slack://a-token-of-sixteen/b%2Ftoken-of-sixteen"
    )
    environment = {
        "RETAIL_CREDENTIAL_SHOPS_PASSWORD": "a-device",
        "RETAIL_CREDENTIAL_SHOPS_USERNAME": "a-user",
        "RETAIL_DATABASE_URL": "postgresql://svc:a-warehouse@db.example/retail",
        "DAGSTER_POSTGRES_URL": "postgresql://svc:a-dagster@db.example/dagster",
        "RETAIL_CREDENTIAL_TINY_PASSWORD": "a",
        "RETAIL_REPORT_URLS_MANAGERS": "mailto://shop:a-mailbox@mail.example",
    }

    secrets = known_secrets(environment)

    assert {"a-device", "a-user:a-device", "a-warehouse", "a-dagster", "an%40alert", "an@alert", "a-mailbox"} <= secrets
    assert {"a-token-of-sixteen", "b%2Ftoken-of-sixteen", "b/token-of-sixteen"} <= secrets
    assert not {"a", "a-user"} & secrets
