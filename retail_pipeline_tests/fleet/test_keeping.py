"""How long rows are kept: what may be declared, and what would lose more than it says."""

import pytest

from retail_pipeline.fleet.keeping import Age, Keep
from retail_pipeline.fleet.load import FleetError, parse_fleet
from retail_pipeline_tests.shops import utc

FILE = """
organizations:
  - id: acme
    name: Acme
    keep: {KEEP}
stores:
  - id: shop
    organization: acme
    name: Shop
    timezone: Europe/Lisbon
    sensors: [{id: door, url: "http://sensor.example", retention_days: 60, lines: {1: {role: entrance}}}]
"""


def declared(keep: str) -> Keep:
    return parse_fleet(FILE.replace("{KEEP}", keep), "fleet.yaml").organizations[0].keep


def refused(keep: str) -> str:
    with pytest.raises(FleetError) as error:
        declared(keep)
    return str(error.value)


def test_what_is_not_declared_is_kept_as_the_readme_says() -> None:
    assert declared("{}") == Keep()
    assert declared("{hourly_analytics: forever}") == Keep().model_copy(update={"hourly_analytics": None})


@pytest.mark.parametrize(
    ("written", "meant"),
    [("90d", Age(days=90)), ("12 weeks", Age(days=84)), ("1 month", Age(1)), ("400 days", Age(days=400))],
)
def test_a_time_is_written_as_people_write_it(written: str, meant: Age) -> None:
    keep = declared(f"{{device_replies: {written}, raw_sensor_counts: 500d}}")

    assert keep.device_replies == meant


def test_a_time_that_is_none_is_refused_with_its_line() -> None:
    assert refused("{device_replies: a while}") == (
        "fleet.yaml, line 5, organizations[acme].keep.device_replies: is a time such as 90 days, 13 months, 3 years or "
        "forever"
    )


def test_a_key_that_is_no_kind_of_table_is_refused_with_the_one_that_was_meant() -> None:
    assert "is not a known key; did you mean device_replies?" in refused("{device_reply: 90d}")


def test_counts_that_the_device_would_give_again_are_refused() -> None:
    assert "door remembers 60 days: what is removed would be collected again" in refused(
        "{device_replies: 30d, raw_sensor_counts: 60d}"
    )


@pytest.mark.parametrize(
    ("keep", "words"),
    [
        ("{device_replies: 2 years}", "raw_sensor_counts: is kept 13 months, shorter than device_replies (2 years)"),
        ("{hourly_analytics: 1y}", "hourly_analytics: is kept 12 months, shorter than raw_sensor_counts (13 months)"),
        ("{daily_summaries: 2y}", "daily_summaries: is kept 2 years, shorter than hourly_analytics (3 years)"),
        ("{raw_sensor_counts: forever}", "hourly_analytics: is kept 3 years, shorter than raw_sensor_counts (for ever"),
        ("{device_replies: 2d}", "device_replies: is 7 days or more: rows in quarantine go with their reply"),
    ],
)
def test_what_explains_a_figure_may_not_outlive_it_nor_go_at_once(keep: str, words: str) -> None:
    assert words in refused(keep)


@pytest.mark.parametrize(
    ("age", "now", "before"),
    [
        (Age(months=13), "2026-03-31 02:00", "2025-02-28 02:00"),
        (Age(months=36), "2028-02-29 02:00", "2025-02-28 02:00"),
        (Age(months=12), "2026-12-15 02:00", "2025-12-15 02:00"),
        (Age(days=90), "2026-03-31 02:00", "2025-12-31 02:00"),
    ],
)
def test_months_are_those_of_the_calendar(age: Age, now: str, before: str) -> None:
    assert age.before(utc(now)) == utc(before)
    assert (utc(now) - utc(before)).days >= age.least_days
