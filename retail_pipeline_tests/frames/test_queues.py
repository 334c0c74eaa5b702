import pytest

from retail_pipeline.frames.queues import queue_alerts
from retail_pipeline_tests.frames.rows import row
from retail_pipeline_tests.frames.zone_shop import zone_hours_of, zone_shop


def alerts(queue_alert: dict[str, float] | None, joins: int = 8, leaves: int = 7) -> list[tuple[object, ...]]:
    """Hour, length, wait and threshold of the alerts after an hour in which six joined and one left."""
    store = zone_shop(queue_alert=queue_alert)
    rows = [row("10:00", {3: (6, 1)}, sensor="d"), row("11:00", {3: (joins, leaves)}, sensor="d")]
    found = queue_alerts(zone_hours_of(store, *rows), [store])
    return found.select("local_hour", "queue_length_max", "wait_minutes", "threshold").rows()


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        pytest.param({"length": 5}, [(11, 6, 45.0, "length: 5")], id="longer than five"),
        pytest.param({"length": 6}, [], id="six is not longer than six"),
        pytest.param({"minutes": 44.5}, [(11, 6, 45.0, "minutes: 44.5")], id="waits longer"),
        pytest.param({"minutes": 45}, [], id="45 minutes are not longer than 45"),
        pytest.param({"length": 4, "minutes": 8}, [(10, 5, None, "length: 4"), (11, 6, 45.0, "length: 4, minutes: 8")]),
        pytest.param(None, [], id="no limit stated"),
    ],
)
def test_hours_that_pass_a_limit_are_named_with_the_limit(
    limits: dict[str, float] | None, expected: list[tuple[object, ...]]
) -> None:
    assert alerts(limits) == expected


def test_a_wait_that_cannot_be_told_passes_nothing() -> None:
    assert alerts({"minutes": 1}, joins=8, leaves=2) == []
