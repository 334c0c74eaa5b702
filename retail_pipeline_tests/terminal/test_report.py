"""`retail-pipeline report`: a page as a file, its path, to recipients where asked, and what is wrong in a sentence."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
import time_machine

from retail_pipeline import cli
from retail_pipeline.terminal import report
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline_tests.shops import fleet_of, shop
from retail_pipeline_tests.steps.alerts.receiving import running_receiver
from retail_pipeline_tests.steps.test_organization_report import BY_NOW, FLEET, OPEN, fill

Command = Callable[..., int]


@pytest.fixture
def command(emptied_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command at eight in the morning, of three shops whose last two weeks are known."""
    fill(Warehouse(emptied_url))
    monkeypatch.setenv("RETAIL_DATABASE_URL", emptied_url)
    monkeypatch.setenv("RETAIL_HOME", str(tmp_path))
    monkeypatch.setattr(report, "load_declared_fleet", lambda: FLEET)

    def run(**options: object) -> int:
        with time_machine.travel(BY_NOW, tick=True):
            return cli.report(**options)

    return run


def test_the_last_day_of_a_store_is_written_and_its_path_printed(command: Command, tmp_path: Path, capsys) -> None:
    assert command(store="grown") == 0
    path = Path(capsys.readouterr().out.strip())
    assert path == tmp_path / "reports" / "grown-2026-11-20.html"
    assert "<h1>grown</h1>" in path.read_text(encoding="utf-8")


def test_the_overview_is_of_the_last_day_that_is_over_everywhere(command: Command, tmp_path: Path, capsys) -> None:
    assert command(organization="acme") == 0
    path = Path(capsys.readouterr().out.strip())
    assert path == tmp_path / "reports" / "acme-2026-11-20.html"
    assert "<h1>Acme</h1>" in path.read_text(encoding="utf-8")


def test_a_page_is_sent_when_asked_and_the_exit_code_says_whether_all_took_it(
    command: Command, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    fleet = fleet_of(shop("grown", timezone="Europe/Lisbon", opening_hours=OPEN, recipients=["MANAGERS"]))
    monkeypatch.setattr(report, "load_declared_fleet", lambda: fleet)
    with running_receiver() as running:
        monkeypatch.setenv("RETAIL_REPORT_URLS_MANAGERS", running.url)
        assert command(store="grown", send=True) == 0
        running.is_up = False
        assert command(store="grown", send=True) == 1
    assert running.titles == ["grown: Friday, November 20, 2026"]
    said = capsys.readouterr().out
    assert "MANAGERS, receiver 1 (JSON): sent" in said
    assert "MANAGERS, receiver 1 (JSON): does not answer, or takes nothing" in said
    assert "a-receiver-secret" not in said


def test_an_overview_is_sent_to_the_recipients_of_the_organization(
    command: Command, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    [acme] = FLEET.organizations
    subscribed = acme.model_copy(update={"recipients": ("AREA",)})
    fleet = FLEET.model_copy(update={"organizations": (subscribed,)})
    monkeypatch.setattr(report, "load_declared_fleet", lambda: fleet)
    with running_receiver() as running:
        monkeypatch.setenv("RETAIL_REPORT_URLS_AREA", running.url)
        assert command(organization="acme", send=True) == 0

    assert running.titles == ["Acme: Friday, November 20, 2026"]
    assert "1. grown +50 %" in running.taken[0]["message"]
    assert "AREA, receiver 1 (JSON): sent" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        pytest.param({}, "either --store or --organization", id="neither"),
        pytest.param({"store": "grown", "organization": "acme"}, "either --store or --organization", id="both"),
        pytest.param({"store": "gone"}, "the fleet file declares grown, fallen, new", id="unknown store"),
        pytest.param({"organization": "beta"}, "with stores the fleet file declares acme", id="unknown organization"),
        pytest.param({"store": "grown", "day": dt.date(2026, 11, 15)}, "the shop was closed", id="closed"),
        pytest.param({"organization": "acme", "day": dt.date(2026, 9, 1)}, "no overview of 2026-09-01", id="no data"),
        pytest.param({"store": "grown", "send": True}, "names no recipients of grown", id="nobody to send to"),
        pytest.param({"organization": "acme", "send": True}, "names no recipients of acme", id="overview"),
    ],
)
def test_what_is_wrong_is_said(command: Command, options: dict[str, object], said: str) -> None:
    with pytest.raises(report.NoReportError, match=said):
        command(**options)
