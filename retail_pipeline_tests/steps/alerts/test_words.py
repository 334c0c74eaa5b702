"""How failures are told: one message for what is one incident to a person, and no secret in it."""

import datetime as dt
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail_pipeline.steps.alerts.words import Incident, messages, without_secrets
from retail_pipeline_tests.shops import fleet_of, utc

SINCE = utc("2026-11-20 11:32")
FLEET = fleet_of()


def silent(number: int = 1, host: str = "203.0.113.7", cause: str = "unreachable", **told: object) -> Incident:
    row = Incident(
        incident_id=number,
        kind="device",
        subject=f"shop-{number}-door",
        organization_id="acme",
        store_id=f"shop-{number}",
        cause=cause,
        shared=f"host {host}",
        detail="no connection within 5 s",
        since=SINCE,
        closed_at=None,
    )
    return replace(row, **told)  # type: ignore[arg-type]


def over(one: Incident) -> Incident:
    return replace(one, closed_at=SINCE + dt.timedelta(hours=2))


def other(kind: str, subject: str, number: int, cause: str, **told: object) -> Incident:
    return silent(number, kind=kind, subject=subject, cause=cause, shared=None, **told)


def test_one_device_reads_as_one_device() -> None:
    [message] = messages([silent()], FLEET)

    assert message.title == "Acme: shop-1-door does not answer"
    assert message.body.splitlines() == [
        "- shop-1-door (shop-1): no connection within 5 s (since 2026-11-20 11:32 UTC)",
        "See to power and network of the device, and to the port forwarding in front of it.",
        "`retail-pipeline status` shows everything.",
    ]


def test_twenty_devices_behind_a_router_are_one_message() -> None:
    [message] = messages([silent(n) for n in range(1, 21)], FLEET)

    assert message.title == "Acme: 20 devices on host 203.0.113.7 do not answer"
    assert message.incident_ids == tuple(range(1, 21))
    assert "- and 10 more" in message.body


def test_organizations_hosts_and_causes_are_told_apart() -> None:
    told = messages(
        [silent(1), silent(2, "198.51.100.9"), silent(3, cause="refused"), silent(4, organization_id="umbrella")], FLEET
    )

    assert len(told) == 4
    assert any(message.title.startswith("umbrella: ") for message in told)


def test_a_cause_on_many_hosts_is_the_incident() -> None:
    told = messages([silent(n, f"203.0.113.{n}") for n in range(1, 101)], FLEET)

    assert [message.title for message in told] == ["Acme: 100 devices on 100 hosts do not answer"]


def test_what_is_over_is_told_after_what_begins_with_how_long_it_lasted() -> None:
    begins, ends = messages([over(silent(1)), over(silent(2)), silent(3)], FLEET)

    assert not begins.is_over
    assert ends.title == "Over: Acme: 2 devices on host 203.0.113.7 do not answer"
    assert "- shop-1-door (shop-1): from 2026-11-20 11:32 to 2026-11-20 13:32 UTC" in ends.body
    assert "status" not in ends.body
    assert messages([over(silent(1))], FLEET)[0].title == "Over: Acme: shop-1-door does not answer"


def test_checks_tables_and_runs_have_words_of_their_own() -> None:
    of_all = {"organization_id": None, "store_id": None}
    stages = [other("check", f"shop-{n}: collection", n, "collection") for n in (1, 2)]
    table = other("freshness", "hourly_analytics", 3, "stale", **of_all)
    jobs = [other("run", name, n, "KeyError", **of_all) for n, name in ((4, "a_job"), (5, "b_job"))]

    assert sorted(message.title for message in messages([*stages, table, *jobs], FLEET)) == [
        "Acme: collection of 2 stores is unhealthy",
        "Pipeline: 2 jobs fail",
        "Pipeline: hourly_analytics is out of date",
    ]
    assert sorted(one.title for one in messages([over(stages[0]), over(table), over(jobs[0])], FLEET)) == [
        "Over: Acme: collection of shop-1 is unhealthy",
        "Over: Pipeline: a_job fails",
        "Over: Pipeline: hourly_analytics is out of date",
    ]


@given(
    st.lists(
        st.builds(
            silent,
            st.integers(1, 10**6),
            st.sampled_from(["a.example", "b.example", "c.example", "d.example", "e.example"]),
            st.sampled_from(["unreachable", "refused", "malformed"]),
            organization_id=st.sampled_from(["acme", "umbrella"]),
            closed_at=st.sampled_from([None, SINCE]),
        ),
        unique_by=lambda one: one.incident_id,
    )
)
def test_every_incident_is_in_one_message_whatever_the_order(incidents: list[Incident]) -> None:
    told = messages(incidents, FLEET)

    assert Counter(number for message in told for number in message.incident_ids) == Counter(
        one.incident_id for one in incidents
    )
    assert told == messages(incidents[::-1], FLEET)
    assert len(told) <= 2 * 2 * 3 * 3


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("cannot reach postgresql://svc:hunter2@db.example/retail", "cannot reach postgresql://***@db.example/retail"),
        ("connection failed: host=db password=hunter2 port=1", "connection failed: host=db password=*** port=1"),
        ("GET http://u:p%40x@sensor.example/a failed\n\tagain", "GET http://***@sensor.example/a failed again"),
        ("401 for svc and s3cr3t", "401 for svc and ***"),
        ("sent Basic czNjcjN0", "sent Basic ***"),
        ("API_KEY: abc", "API_KEY: ***"),
        ("http://sensor.example:8801/dataloader.cgi?dw=vcalogcsv", None),
    ],
)
def test_no_secret_is_left_in_a_text(text: str, cleaned: str | None) -> None:
    assert without_secrets(text, {"s3cr3t"}) == (cleaned or text)


def test_a_long_text_is_cut_after_it_was_cleaned() -> None:
    text = without_secrets("x" * 298 + "s3cr3t" + "y" * 10_000, {"s3cr3t"})

    assert "s3" not in text
    assert len(text) < 310
