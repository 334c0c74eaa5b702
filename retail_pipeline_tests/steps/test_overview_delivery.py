"""Overviews sent to the recipients of organizations, over HTTP: each once, beside the pages of stores."""

import base64
import datetime as dt
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from retail_pipeline.fleet.models import Fleet
from retail_pipeline.reports.message import overview_message, overview_subject
from retail_pipeline.resources.report_receivers import report_receivers
from retail_pipeline.steps import report_delivery
from retail_pipeline.steps.alerts.faults import undelivered_reports
from retail_pipeline.steps.report_delivery import due_deliveries, send_reports
from retail_pipeline.steps.status import gather_status
from retail_pipeline.warehouse import report_deliveries as kept
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.organization_reports import OrganizationPage, write_overview
from retail_pipeline.warehouse.report_deliveries import Kind
from retail_pipeline_tests.reports.weeks import organization
from retail_pipeline_tests.shops import shop
from retail_pipeline_tests.steps.alerts.receiving import RunningReceiver, running_receiver
from retail_pipeline_tests.steps.test_report_delivery import FRIDAY, HOUR, MORNING, PAGE, QUARTER, THURSDAY, Morning

TITLE = "Acme: sexta-feira, 20 de novembro de 2026"


@pytest.fixture
def receiver() -> Iterator[RunningReceiver]:
    with running_receiver() as running:
        yield running


class Area(Morning):
    """The same morning, in an organization that may name recipients."""

    def subscribe(self, *recipients: str) -> None:
        [acme] = self.fleet.organizations
        named = acme.model_copy(update={"recipients": recipients})
        self.fleet: Fleet = self.fleet.model_copy(update={"organizations": (named,)})

    def overview(self, of: dt.date = FRIDAY, version: dt.datetime = MORNING - HOUR) -> None:
        told = organization(language="pt", trading_day=of)
        page = OrganizationPage(
            "acme", of, "pt", PAGE, overview_subject(told), overview_message(told), MORNING, version
        )
        with self.warehouse.transaction() as connection:
            write_overview(connection, page, "a-run")

    def send_overviews(self, now: dt.datetime = MORNING) -> list[str]:
        receivers = report_receivers(self.fleet, self.environment)
        return send_reports(self.fleet, self.warehouse, receivers, now, Kind.OVERVIEW)

    def due_overviews(self, now: dt.datetime = MORNING) -> list[tuple[str, dt.date]]:
        receivers = report_receivers(self.fleet, self.environment)
        return due_deliveries(self.fleet, self.warehouse, receivers, now, Kind.OVERVIEW)

    def problems(self, now: dt.datetime) -> list[str]:
        waiting = kept.waiting(self.warehouse, [], now - report_delivery.GIVEN_UP_AFTER, ["acme"])
        return [f"{one.subject}: {one.detail}" for one in undelivered_reports(waiting)]


@pytest.fixture
def area(emptied_url: str) -> Area:
    area = Area(Warehouse(emptied_url))
    area.declare(shop("shop-1"))
    area.subscribe("AREA")
    return area


def test_an_overview_is_sent_once_with_its_ranking_in_words_and_the_page_as_a_file(area, receiver) -> None:
    area.overview()
    area.reach("AREA", receiver.url)
    assert area.due_overviews() == [("acme", FRIDAY)]
    assert area.send_overviews() == ["overview of acme, 2026-11-20 to AREA, receiver 1 (JSON): sent"]
    area.overview(version=MORNING + QUARTER)  # late counts made it anew
    assert area.due_overviews(MORNING + HOUR) == area.send_overviews(MORNING + HOUR) == []

    [taken] = receiver.taken
    assert taken["title"] == TITLE
    assert "\n1. Shop & <Son> +50 %\n2. Window & <show> \u221210 %\n" in taken["message"]
    assert "\n- Checkout: nenhum dia da semana anterior foi medido por inteiro" in taken["message"]
    [attached] = taken["attachments"]
    assert attached["filename"] == "acme-2026-11-20.html"
    assert base64.b64decode(attached["base64"]).decode() == PAGE


def test_a_receiver_that_is_down_is_told_of_and_gets_the_overview_once(area, receiver) -> None:
    area.overview()
    area.reach("AREA", receiver.url)
    receiver.is_up = False
    for quarters in range(3):
        assert area.problems(MORNING + quarters * QUARTER) == []
        area.send_overviews(MORNING + quarters * QUARTER)
    now = MORNING + HOUR
    problem = "AREA: 1 pages wait: does not answer, or takes nothing"
    assert area.problems(now) == [problem]
    assert f"reports do not reach {problem}" in gather_status(area.fleet, area.warehouse, None, now).problems

    receiver.is_up = True
    for hours in (4, 5):
        area.send_overviews(MORNING + hours * HOUR)
    assert receiver.titles == [TITLE]
    assert area.problems(MORNING + 5 * HOUR) == []


def test_a_recipient_without_an_address_waits_and_is_named(area) -> None:
    area.overview()
    [said] = area.send_overviews()

    assert said == (
        "overview of acme, 2026-11-20 to AREA, no receiver: RETAIL_REPORT_URLS_AREA is not set in the environment of"
        " the daemon and its runs"
    )


def test_only_the_overview_of_the_last_day_is_sent_to_who_is_new(area, receiver) -> None:
    for of in (THURSDAY, FRIDAY):
        area.overview(of)
    area.reach("AREA", receiver.url)
    area.send_overviews()

    assert receiver.titles == [TITLE]


def test_an_overview_and_a_page_go_to_one_receiver_each_once_and_share_its_limit(area, receiver, monkeypatch) -> None:
    area.declare(shop("shop-1", recipients=["AREA"]))
    area.subscribe("AREA")
    area.page()
    area.overview()
    area.reach("AREA", receiver.url)
    monkeypatch.setattr(report_delivery, "PAGES_AN_HOUR", 1)
    for now in (MORNING, MORNING + QUARTER, MORNING + HOUR):
        area.send(now)
        area.send_overviews(now)

    assert receiver.titles == ["Loja: sexta-feira, 20 de novembro de 2026", TITLE]


def test_an_overview_waits_for_nobody_once_the_organization_names_none(area, receiver) -> None:
    area.overview()
    area.reach("AREA", receiver.url)
    receiver.is_up = False
    area.send_overviews()
    area.subscribe()
    receiver.is_up = True

    assert area.due_overviews(MORNING + HOUR) == area.send_overviews(MORNING + HOUR) == []
    area.subscribe("AREA")
    assert kept.waiting(area.warehouse, [], MORNING - HOUR, ["acme"]).is_empty()


def test_two_runs_at_once_send_an_overview_once(area, receiver) -> None:
    area.overview()
    area.reach("AREA", receiver.url)
    both = Barrier(2)

    def run(_: int) -> None:
        both.wait(10)
        area.send_overviews()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(run, range(2)))

    assert len(receiver.taken) == 1
