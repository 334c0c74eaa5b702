"""Pages sent to real receivers, over HTTP and SMTP: each once, whatever restarts or is down."""

import base64
import datetime as dt
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from threading import Barrier
from typing import Any

import pytest
from rich.console import Console

from retail_pipeline.reports.message import message, subject
from retail_pipeline.resources.report_receivers import report_receivers
from retail_pipeline.steps import report_delivery
from retail_pipeline.steps.alerts.faults import undelivered_reports
from retail_pipeline.steps.report_delivery import due_deliveries, send_reports
from retail_pipeline.steps.status import gather_status
from retail_pipeline.terminal.status_page import page
from retail_pipeline.warehouse import report_deliveries as kept
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.fleet_tables import sync_fleet
from retail_pipeline.warehouse.store_reports import StoreReport, write_report
from retail_pipeline_tests.reports.days import day
from retail_pipeline_tests.shops import fleet_of, shop, utc
from retail_pipeline_tests.steps.alerts.receiving import RunningReceiver, running_receiver
from retail_pipeline_tests.steps.mailing import RunningMailServer, running_mail_server

FRIDAY, THURSDAY = dt.date(2026, 11, 20), dt.date(2026, 11, 19)
MORNING = utc("2026-11-21 08:00")
QUARTER, HOUR = dt.timedelta(minutes=15), dt.timedelta(hours=1)
PAGE = "<!DOCTYPE html><html lang='pt'><p>Loja & Filhos</p></html>"


@pytest.fixture
def receiver() -> Iterator[RunningReceiver]:
    with running_receiver() as running:
        yield running


@pytest.fixture
def other() -> Iterator[RunningReceiver]:
    with running_receiver() as running:
        yield running


@pytest.fixture
def mail() -> Iterator[RunningMailServer]:
    with running_mail_server() as running:
        yield running


class Morning:
    """Shops whose pages are made, and the addresses that the environment holds."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.warehouse = warehouse
        self.environment: dict[str, str] = {}
        self.declare(shop("shop-1", recipients=["MANAGERS"]))

    def declare(self, *shops: Mapping[str, Any]) -> None:
        self.fleet = fleet_of(*map(dict, shops))
        with self.warehouse.transaction() as connection:
            sync_fleet(connection, self.fleet, MORNING - dt.timedelta(days=30))

    def page(self, store_id: str = "shop-1", of: dt.date = FRIDAY, version: dt.datetime = MORNING - HOUR) -> None:
        told = day(language="pt", store_name="Loja", trading_day=of, passers_by=1500, capture_rate=0.08)
        report = StoreReport(store_id, "acme", of, "pt", PAGE, subject(told), message(told), MORNING, version)
        with self.warehouse.transaction() as connection:
            write_report(connection, report, "a-run")

    def reach(self, name: str, *urls: str) -> None:
        self.environment[f"RETAIL_REPORT_URLS_{name}"] = " ".join(urls)

    def send(self, now: dt.datetime = MORNING) -> list[str]:
        return send_reports(self.fleet, self.warehouse, report_receivers(self.fleet, self.environment), now)

    def due(self, now: dt.datetime = MORNING) -> list[tuple[str, dt.date]]:
        return due_deliveries(self.fleet, self.warehouse, report_receivers(self.fleet, self.environment), now)

    def waiting(self, now: dt.datetime = MORNING) -> list[dict[str, Any]]:
        not_before = now - report_delivery.GIVEN_UP_AFTER
        return list(kept.waiting(self.warehouse, self.fleet.store_ids, not_before).iter_rows(named=True))


@pytest.fixture
def morning(emptied_url: str) -> Morning:
    return Morning(Warehouse(emptied_url))


def test_a_page_is_sent_once_with_its_figures_in_words_and_the_page_as_a_file(morning, receiver) -> None:
    morning.page()
    morning.reach("MANAGERS", receiver.url)
    assert morning.due() == [("shop-1", FRIDAY)]
    assert morning.send() == ["shop-1, 2026-11-20 to MANAGERS, receiver 1 (JSON): sent"]
    assert morning.send(MORNING + QUARTER) == []
    assert morning.due(MORNING + QUARTER) == []

    [taken] = receiver.taken
    assert taken["title"] == "Loja: sexta-feira, 20 de novembro de 2026"
    assert "entradas: 120" in taken["message"]
    assert "taxa de captação: 8,0 % (1.500 passaram)" in taken["message"]
    assert "- 8,0 % das pessoas em frente da porta entraram." in taken["message"]
    [attached] = taken["attachments"]
    assert (attached["filename"], attached["mimetype"]) == ("shop-1-2026-11-20.html", "text/html")
    assert base64.b64decode(attached["base64"]).decode() == PAGE


def test_mail_holds_the_figures_and_the_page_as_a_file(morning, mail) -> None:
    morning.page()
    morning.reach("MANAGERS", mail.url)
    morning.send()

    [taken] = mail.taken
    assert taken["subject"] == "Loja: sexta-feira, 20 de novembro de 2026"
    assert taken["to"] == "manager@mail.example"
    body = taken.get_body(("plain",))
    assert body is not None
    assert "entradas: 120\n" in body.get_content().replace("\r\n", "\n")
    [attached] = taken.iter_attachments()
    assert attached.get_filename() == "shop-1-2026-11-20.html"
    assert attached.get_content() == PAGE


def test_a_receiver_that_takes_no_files_is_sent_the_words(morning, receiver) -> None:
    morning.page()
    morning.reach("MANAGERS", receiver.url_of_texts)
    morning.send()

    assert "entradas: 120" in receiver.taken[0]["message"]
    assert "attachments" not in receiver.taken[0]


def test_a_receiver_that_is_down_is_asked_later_and_later_and_gets_the_page_once(morning, mail) -> None:
    morning.page()
    morning.reach("MANAGERS", mail.url)
    mail.is_up = False
    said = morning.send()
    assert said == ["shop-1, 2026-11-20 to MANAGERS, receiver 1 (E-Mail): does not answer, or takes nothing"]
    assert morning.due(MORNING + dt.timedelta(seconds=20)) == []
    for failures in range(1, 8):
        morning.send(MORNING + failures * HOUR)
    [waits] = morning.waiting()
    assert (waits["recipient"], waits["pages"], waits["attempts"], waits["since"]) == ("MANAGERS", 1, 8, MORNING)
    assert waits["next_attempt"] == MORNING + 8 * HOUR

    mail.is_up = True
    assert morning.send(MORNING + 8 * HOUR - QUARTER) == []
    morning.send(MORNING + 8 * HOUR)
    morning.send(MORNING + 9 * HOUR)
    assert len(mail.taken) == 1
    assert morning.waiting() == []


def test_what_is_down_keeps_nobody_else_waiting_and_is_asked_once_a_tick(morning, receiver, other) -> None:
    morning.declare(*(shop(f"shop-{n}", recipients=["AREA", "MANAGERS"]) for n in range(1, 5)))
    for n in range(1, 5):
        morning.page(f"shop-{n}")
    morning.reach("AREA", receiver.url)
    morning.reach("MANAGERS", other.url)
    receiver.is_up = False
    morning.send()

    assert (receiver.asked, len(other.taken)) == (1, 4)
    assert [(one["recipient"], one["pages"]) for one in morning.waiting()] == [("AREA", 4)]
    receiver.is_up = True
    morning.send(MORNING + QUARTER)
    assert (len(receiver.taken), len(other.taken)) == (4, 4)


def test_a_page_that_waits_for_long_is_told_as_a_failure_without_its_address(morning, mail) -> None:
    morning.page()
    morning.reach("MANAGERS", mail.url)
    mail.is_up = False
    for quarters in range(3):
        assert undelivered_reports(kept.waiting(morning.warehouse, ["shop-1"], MORNING - HOUR)) == []
        morning.send(MORNING + quarters * QUARTER)
    [fault] = undelivered_reports(kept.waiting(morning.warehouse, ["shop-1"], MORNING - HOUR))

    assert (fault.kind, fault.subject, fault.since) == ("report", "MANAGERS", MORNING)
    assert fault.detail == "1 pages wait: does not answer, or takes nothing"


def test_the_monitor_says_what_waits_and_calls_it_unhealthy_when_it_lasts(morning, mail) -> None:
    morning.page()
    morning.reach("MANAGERS", mail.url)
    mail.is_up = False
    problem = "reports do not reach MANAGERS: 1 pages wait: does not answer, or takes nothing"
    for attempts in (1, 2, 3):
        now = MORNING + attempts * QUARTER
        morning.send(now)
        status = gather_status(morning.fleet, morning.warehouse, None, now)
        assert (problem in status.problems) == (attempts == 3)
        assert [(one.recipient, one.pages, one.attempts) for one in status.deliveries] == [("MANAGERS", 1, attempts)]

    shown = StringIO()
    console = Console(width=200, file=shown)
    console.print(page(status, console))
    assert "MANAGERS" in shown.getvalue().split("reports that wait")[1]


def test_a_page_that_nobody_took_for_a_day_is_given_up(morning, receiver) -> None:
    morning.page()
    morning.reach("MANAGERS", receiver.url)
    receiver.is_up = False
    morning.send()
    receiver.is_up = True

    assert morning.send(MORNING + 25 * HOUR) == []
    assert morning.waiting(MORNING + 25 * HOUR) == []


@pytest.mark.parametrize("is_asked_for", [False, True])
def test_a_page_that_late_counts_changed_is_sent_again_only_where_asked(
    morning, receiver, *, is_asked_for: bool
) -> None:
    morning.declare(shop("shop-1", recipients=["MANAGERS"], resend_reports=is_asked_for))
    morning.reach("MANAGERS", receiver.url)
    morning.page()
    morning.send()
    morning.page(version=MORNING + HOUR)
    for hours in (2, 3):
        morning.send(MORNING + hours * HOUR)

    again = ["Corrigido: Loja: sexta-feira, 20 de novembro de 2026"] if is_asked_for else []
    assert receiver.titles == ["Loja: sexta-feira, 20 de novembro de 2026", *again]


def test_a_recipient_who_is_new_is_sent_the_last_day_and_none_before(morning, receiver) -> None:
    for of in (THURSDAY, FRIDAY):
        morning.page(of=of)
    morning.reach("MANAGERS", receiver.url)
    morning.send()

    assert receiver.titles == ["Loja: sexta-feira, 20 de novembro de 2026"]


def test_an_address_that_two_recipients_share_is_sent_one_page(morning, receiver) -> None:
    morning.declare(shop("shop-1", recipients=["AREA", "MANAGERS"]))
    morning.page()
    morning.reach("AREA", receiver.url)
    morning.reach("MANAGERS", receiver.url)
    morning.send()

    assert len(receiver.taken) == 1


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        pytest.param("", "RETAIL_REPORT_URLS_MANAGERS is not set in the environment", id="unset"),
        pytest.param("nonsense://u:s3cr3t@x.example", "address 1 of 1 is none that apprise knows", id="no address"),
    ],
)
def test_a_recipient_without_an_address_waits_and_is_named_until_it_has_one(morning, receiver, wrong, said) -> None:
    morning.page()
    morning.reach("MANAGERS", wrong)
    morning.send()
    [waits] = morning.waiting()
    assert said in waits["problem"]
    assert "s3cr3t" not in waits["problem"]

    morning.reach("MANAGERS", receiver.url)
    morning.send(MORNING + QUARTER)
    assert len(receiver.taken) == 1
    assert morning.waiting() == []


def test_a_receiver_is_sent_no_more_than_the_limit_an_hour_and_the_rest_later(morning, receiver, monkeypatch) -> None:
    monkeypatch.setattr(report_delivery, "PAGES_AN_HOUR", 2)
    morning.declare(*(shop(f"shop-{n}", recipients=["AREA"]) for n in range(1, 6)))
    for n in range(1, 6):
        morning.page(f"shop-{n}")
    morning.reach("AREA", receiver.url)
    sent = []
    for now in (MORNING, MORNING + QUARTER, MORNING + HOUR, MORNING + 2 * HOUR):
        morning.send(now)
        sent.append(len(receiver.taken))

    assert sent == [2, 2, 4, 5]


def test_a_run_ends_in_time_and_the_next_one_goes_on(morning, receiver, monkeypatch) -> None:
    morning.page()
    morning.reach("MANAGERS", receiver.url)
    with monkeypatch.context() as patched:
        patched.setattr(report_delivery, "BUDGET_S", -1.0)
        assert morning.send() == []
    assert len(morning.send(MORNING + QUARTER)) == 1


def test_two_runs_at_once_send_once(morning, receiver) -> None:
    morning.page()
    morning.reach("MANAGERS", receiver.url)
    both = Barrier(2)

    def run(_: int) -> None:
        both.wait(10)
        morning.send()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(run, range(2)))

    assert len(receiver.taken) == 1


def test_a_page_that_could_not_be_written_down_as_sent_waits(morning, receiver, monkeypatch) -> None:
    """A crash between sending and the commit repeats a page; it never loses one."""
    morning.page()
    morning.reach("MANAGERS", receiver.url)

    def crash(*_: object) -> str:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(report_delivery, "read_report", crash)
        with pytest.raises(KeyboardInterrupt):
            morning.send()

    assert [one["pages"] for one in morning.waiting()] == [1]
    morning.send(MORNING + QUARTER)
    assert len(receiver.taken) == 1


def test_stores_without_recipients_send_nothing(morning, receiver) -> None:
    morning.declare(shop("shop-1"))
    morning.page()
    morning.reach("MANAGERS", receiver.url)

    assert morning.due() == morning.send() == []
