"""The monitor as a person sees it, in windows of several widths and without colours."""

import datetime as dt
import io
from typing import Any

from rich.console import Console

from retail_pipeline.steps.status_report import (
    DeviceStatus,
    GapStatus,
    HourState,
    HourStatus,
    IncidentStatus,
    QuarantineStatus,
    RunStatus,
    StageStatus,
    Status,
    StoreStatus,
)
from retail_pipeline.terminal.status_page import page
from retail_pipeline.terminal.strips import hour_strip, legend
from retail_pipeline_tests.shops import utc

NOW = utc("2026-11-20 12:30")
HOUR = dt.timedelta(hours=1)


def hour(state: str, completeness: float | None = None) -> HourStatus:
    return HourStatus(hour_start=NOW, hour_end=NOW + HOUR, completeness=completeness, state=HourState(state))


def store(name: str = "lisbon-01", *hours: HourStatus, **told: Any) -> StoreStatus:
    return StoreStatus(
        **{
            "store_id": name,
            "name": name,
            "organization_id": "acme",
            "timezone": "Europe/Lisbon",
            "newest_complete_at": NOW - HOUR / 2,
            "minutes_since_newest": 30.0,
            "overdue_minutes": 0.0,
            "lateness": "ok",
            "hours": hours or (hour("complete", 1.0),) * 24,
            **told,
        }
    )


def device(name: str = "lisbon-01-door", store_id: str = "lisbon-01", **told: Any) -> DeviceStatus:
    return DeviceStatus(
        **{
            "sensor_id": name,
            "store_id": store_id,
            "is_active": True,
            "circuit": "closed",
            "circuit_opened_at": None,
            "last_ok_at": NOW,
            "last_error": None,
            "last_error_at": None,
            "clock_skew_seconds": 19.4,
            **told,
        }
    )


def incident(subject: str, **told: Any) -> IncidentStatus:
    whole = {"kind": "run", "organization_id": None, "store_id": None, "cause": "KeyError", "detail": "a bug"}
    whole |= {"location": None}
    return IncidentStatus(**{**whole, "subject": subject, "since": NOW, "opened_at": NOW, "told_at": NOW, **told})


def shown(status: Status, width: int = 100, encoding: str = "utf-8") -> str:
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    console = Console(file=file, width=width)
    console.print(page(status, console))
    file.flush()
    return file.buffer.getvalue().decode(encoding)


def status(**told: Any) -> Status:
    return Status(at=NOW, is_healthy=not told.get("problems"), problems=told.pop("problems", ()), **told)


def test_hours_are_told_apart_by_their_characters_alone() -> None:
    hours = [hour("complete", 1.0), hour("partial", 0.5), hour("partial", 0.0), hour("missing"), hour("pending")]

    assert hour_strip([*hours, hour("not_expected")], is_unicode=True).plain == "█▄▁×…-"
    assert hour_strip([*hours, hour("not_expected")], is_unicode=False).plain == "#51x?-"
    assert all(len(legend(is_unicode=way)) <= 80 for way in (True, False))


def test_what_is_wrong_comes_first_and_never_fills_the_window() -> None:
    text = shown(status(problems=tuple(f"problem {n}" for n in range(30)), stores=(store(),)))

    head = text.split("stores")[0]
    assert "2026-11-20 12:30:00 UTC  unhealthy" in head
    assert head.count("- problem") == 8
    assert "and 22 more, with --json all of them" in head
    assert "healthy" in shown(status())


def test_nothing_that_was_looked_at_is_not_called_health() -> None:
    stages = [
        StageStatus(stage=name, status="not_inspected", findings=0, store_id=None, detail=None, checked_at=at)
        for name, at in (("collection", None), ("devices", NOW))
    ]

    assert "healthy so far\n- No check has run yet" in shown(status(stages=(stages[0],)))
    assert "so far" not in shown(status(stages=tuple(stages)))
    assert "so far" not in shown(status(stages=(stages[0],), problems=("a problem",)))


def test_the_strip_stays_whole_in_a_window_of_80_columns() -> None:
    names = ("replay-los-angeles", "lisbon-01")
    text = shown(status(stores=tuple(store(name, timezone="America/Los_Angeles") for name in names)), width=80)

    assert text.count("█" * 24) == 2
    assert max(map(len, text.splitlines())) <= 80
    assert "11-20 04:00 PST" in text


def test_a_terminal_without_unicode_gets_plain_characters() -> None:
    text = shown(status(stores=(store(),), devices=(device(),)), encoding="ascii")

    assert "#" * 24 in text


def test_what_needs_a_look_stands_above_what_is_well() -> None:
    stores = (
        store("well"),
        store("holes", hour("missing"), hour("complete", 1.0)),
        store("warned", lateness="warn", overdue_minutes=50.0),
        store("late", lateness="error", overdue_minutes=95.4),
    )
    devices = (device("answers", "well"), device("silent", "late", circuit="open", last_error="unreachable: no route"))
    text = shown(status(stores=stores, devices=devices))

    rows = [line.split()[0] for line in text.splitlines() if line.split()]
    assert [name for name in rows if name in {"well", "holes", "warned", "late"}] == ["late", "warned", "holes", "well"]
    assert rows.index("silent") < rows.index("answers")
    assert "95 min" in text


def test_times_are_the_store_s_and_a_zone_without_letters_is_named() -> None:
    text = shown(
        status(
            stores=(store("here"), store("dubai", timezone="Asia/Dubai")),
            devices=(
                device("dubai-door", "dubai", last_ok_at=None, last_error="refused: 401", last_error_at=NOW),
                device("spare", "here", is_active=False, clock_skew_seconds=None),
            ),
        ),
        width=160,
    )

    assert "11-20 12:00 WET" in text
    assert "never" in text
    assert "11-20 16:30 Asia/Dubai: refused: 401" in text
    [spare] = [line for line in text.splitlines() if line.startswith("spare")]
    assert "not asked" in spare
    assert "unknown" in spare


def test_gaps_quarantine_and_runs_are_listed() -> None:
    gap = GapStatus(
        sensor_id="lisbon-01-door",
        store_id="lisbon-01",
        report="lines",
        cause="unreachable",
        hours=5,
        first_hour=utc("2026-11-20 07:00"),
        nearest_deadline=utc("2026-12-20 08:00"),
    )
    stage = StageStatus(
        stage="collection", status="error", findings=3, store_id="lisbon-01", detail="owes 5 hours", checked_at=NOW
    )
    text = shown(
        status(
            problems=("a problem",),
            stages=(stage, stage.model_copy(update={"stage": "devices", "status": "not_inspected"})),
            stores=(store(),),
            gaps=(gap,) * 25,
            quarantine=(QuarantineStatus(sensor_id="d", store_id="lisbon-01", reason="[/] negative", rows=3),),
            incidents=(
                *(incident(f"job_{n}") for n in range(21)),
                incident("never_shown", told_at=None),
            ),
            runs=(
                RunStatus(run_id="1", job="pipeline_health", status="failure", started_at=NOW, seconds=2.04),
                RunStatus(run_id="2", job="pipeline_health", status="queued", started_at=None, seconds=None),
            ),
        ),
        width=120,
    )

    assert text.count("12-20 08:00 WET") == 20
    assert "and 5 more" in text
    assert "lisbon-01: owes 5 hours" in text
    assert "not inspected" in text
    assert "[/] negative" in text
    assert "2.0 s" in text
    assert "job_19" in text
    assert "and 2 more" in text
    assert "nobody yet" in shown(status(incidents=(incident("a_job", told_at=None),)))


def test_where_there_are_several_code_locations_an_incident_tells_whose_it_is() -> None:
    assert "location" not in shown(status(incidents=(incident("a_job"),)))
    text = shown(status(incidents=(incident("a_job", location="north"), incident("a_job", location="south"))))
    assert all(name in text for name in ("location", "north", "south"))


def test_without_dagster_s_records_the_rest_is_shown() -> None:
    assert "no runs are shown" in shown(status(runs=None))
