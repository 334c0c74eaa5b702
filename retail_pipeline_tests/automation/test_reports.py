"""A store's morning: the schedule asks for the page, the run makes it and sends it, and a receiver that is down is no
failure of the run.
"""

from collections.abc import Iterator

import dagster as dg
import pytest

from retail_pipeline.automation import jobs
from retail_pipeline.automation.rectangles import hour_rectangle
from retail_pipeline_tests.living import HOUR, QUIET, Living, store
from retail_pipeline_tests.shops import utc
from retail_pipeline_tests.steps.mailing import RunningMailServer, running_mail_server

REPORTS, OVERVIEWS = "make_reports_schedule", "make_overviews_schedule"
LISBON = store("lisbon", "Europe/Lisbon") | {"language": "pt", "recipients": ["MANAGERS"]}
SUBSCRIBED = ("name: Acme\n", "name: Acme\n  recipients: [AREA]\n")
PICTURE = "data:image/svg+xml;base64,"
MORNING = utc("2026-11-20 08:00")


@pytest.fixture
def mail() -> Iterator[RunningMailServer]:
    with running_mail_server() as running:
        yield running


@pytest.fixture(scope="module")
def measured(life: Living) -> Living:
    """Thursday in Lisbon, collected and summed up on Friday at seven."""
    life.declare([LISBON])
    stores = life.know_stores()
    life.at(MORNING - HOUR)
    collected = life.run(jobs.COLLECT_SENSORS, hour_rectangle(utc("2026-11-19 00:00"), utc("2026-11-19 23:00"), stores))
    assert collected.success
    request = life.tick("run_analytics_aggregation_schedule", MORNING - HOUR)
    assert all(one.success for one in life.grant(jobs.AGGREGATE, request.run_requests))
    return life


def test_a_page_is_made_in_the_morning_and_sent_when_the_receiver_takes_it(measured, mail, monkeypatch) -> None:
    monkeypatch.setenv("RETAIL_REPORT_URLS_MANAGERS", mail.url)
    mail.is_up = False
    assert measured.tick(REPORTS, MORNING - HOUR / 4).run_requests == []

    [made] = measured.grant(jobs.REPORT, measured.tick(REPORTS, MORNING).run_requests)
    assert made.success
    assert "2026-11-19|lisbon" in measured.materialized("store_reports")
    assert shown(measured, "store_reports", "how was the day").startswith(f"![Entradas por hora]({PICTURE}")
    assert mail.taken == []
    assert measured.sql("SELECT recipient, attempts FROM retail.report_deliveries") == [("MANAGERS", 1)]

    mail.is_up = True
    [sent] = measured.grant(jobs.REPORT, measured.tick(REPORTS, MORNING + HOUR / 4).run_requests)
    assert sent.success
    assert [taken["subject"] for taken in mail.taken] == ["Lisbon: quinta-feira, 19 de novembro de 2026"]
    assert measured.tick(REPORTS, MORNING + HOUR / 2).run_requests == []
    assert measured.tick(REPORTS, MORNING + HOUR / 2).skip_message


def shown(measured: Living, asset: str, entry: str) -> str:
    """What the UI shows of the newest materialization, as markdown."""
    event = measured.instance.get_latest_materialization_event(dg.AssetKey(asset))
    assert event is not None
    assert event.asset_materialization is not None
    return str(event.asset_materialization.metadata[entry].value)


def test_the_overview_of_the_day_is_made_once_it_is_over_everywhere(measured) -> None:
    [made] = measured.grant(jobs.OVERVIEW, measured.tick(OVERVIEWS, MORNING).run_requests)

    assert made.success
    assert measured.materialized("organization_reports") == {"2026-11-19"}
    assert "- stores compared: 0 / 1" in shown(measured, "organization_reports", "Acme")
    assert measured.sql("SELECT organization_id, trading_day::text FROM retail.organization_reports") == [
        ("acme", "2026-11-19")
    ]
    assert measured.tick(OVERVIEWS, MORNING + HOUR / 4).run_requests == []


def test_an_overview_is_sent_once_when_the_receiver_takes_it(measured, mail, monkeypatch) -> None:
    """The organization is subscribed after the overview was made: the schedule asks for the day again to send it."""
    fleet_file = measured.home / "fleet.yaml"
    declared = fleet_file.read_text(encoding="utf-8")
    fleet_file.write_text(declared.replace(*SUBSCRIBED), encoding="utf-8")
    monkeypatch.setenv("RETAIL_REPORT_URLS_AREA", mail.url)
    mail.is_up = False
    [tried] = measured.grant(jobs.OVERVIEW, measured.tick(OVERVIEWS, MORNING + HOUR).run_requests)
    assert tried.success
    assert measured.sql("SELECT recipient, attempts FROM retail.overview_deliveries") == [("AREA", 1)]

    mail.is_up = True
    [sent] = measured.grant(jobs.OVERVIEW, measured.tick(OVERVIEWS, MORNING + 5 * HOUR / 4).run_requests)
    assert sent.success
    assert [taken["subject"] for taken in mail.taken] == ["Acme: Thursday, November 19, 2026"]
    assert measured.tick(OVERVIEWS, MORNING + 3 * HOUR / 2).run_requests == []
    fleet_file.write_text(declared, encoding="utf-8")


def test_a_page_that_somebody_makes_by_hand_is_sent_to_nobody(measured, mail, monkeypatch) -> None:
    monkeypatch.setenv("RETAIL_REPORT_URLS_MANAGERS", mail.url)
    measured.sql("DELETE FROM retail.report_deliveries")
    result = measured.defs.resolve_job_def(jobs.REPORT).execute_in_process(
        instance=measured.instance,
        partition_key=str(dg.MultiPartitionKey({"day": "2026-11-19", "store": "lisbon"})),
        run_config=QUIET,
    )

    assert result.success
    assert mail.taken == []
