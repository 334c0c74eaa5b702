import datetime as dt
from itertools import accumulate, pairwise

import pytest

from retail_pipeline.fleet.models import Device, Fleet, Store
from retail_pipeline.fleet.opening import OpeningHours
from retail_pipeline.local.demo import demo_fleet, demo_scenario_path
from retail_pipeline.local.simulator.clock import Span
from retail_pipeline.local.simulator.scenario import load_scenario
from retail_pipeline.local.simulator.truth import TrueRow, Truth, true_rows

THURSDAY = dt.datetime(2026, 7, 9, 3, tzinfo=dt.UTC)  # 04:00 in Lisbon: both shops are empty
A_DAY = dt.timedelta(days=1)


@pytest.fixture(scope="module")
def demo() -> Fleet:
    return demo_fleet()


@pytest.fixture(scope="module")
def truth() -> Truth:
    scenario = load_scenario(demo_scenario_path())
    return Truth(scenario.seed, scenario.crowds())


def rows_of(truth: Truth, demo: Fleet, store_id: str, sensor_id: str, days: int = 1) -> list[TrueRow]:
    store = demo.store(store_id)
    return truth.rows(_device(store, sensor_id), store, THURSDAY, THURSDAY + days * A_DAY)


def _device(store: Store, sensor_id: str) -> Device:
    return next(device for device in store.sensors if device.id == sensor_id)


def net(rows: list[TrueRow], line: int) -> list[int]:
    return [row.people.lines[line - 1][0] - row.people.lines[line - 1][1] for row in rows]


def is_plausible(flows: list[int]) -> bool:
    """Hardly ever fewer than nobody, and nearly nobody left at the end."""
    occupancy = list(accumulate(flows))
    return min(occupancy) >= -4 and max(occupancy) > 0 and abs(occupancy[-1]) <= 4


@pytest.mark.parametrize("day", range(7))
def test_zones_of_a_shop_fill_and_empty(truth: Truth, demo: Fleet, day: int) -> None:
    rows = rows_of(truth, demo, "lisbon-01", "lisbon-01-door", days=7)[24 * day : 24 * (day + 1)]
    door, shopping, queue = (net(rows, line) for line in (1, 2, 3))
    assert is_plausible(door)
    assert is_plausible([a - b for a, b in zip(door, shopping, strict=True)])
    assert is_plausible([a - b for a, b in zip(shopping, queue, strict=True)])
    assert is_plausible(queue)


def test_the_shop_open_past_midnight_empties_after_closing(truth: Truth, demo: Fleet) -> None:
    friday = rows_of(truth, demo, "lisbon-02", "lisbon-02-door", days=2)[24:]
    inside = rows_of(truth, demo, "lisbon-02", "lisbon-02-inside", days=2)[24:]
    assert is_plausible(net(friday, 1))
    assert is_plausible(net(inside, 1))
    assert is_plausible([-flow for flow in net(inside, 2)])  # mounted the wrong way round
    after_midnight = [row.people.lines[0][0] for row in friday if row.start.hour in (23, 0)]
    assert min(after_midnight) > 0


def test_few_of_the_street_come_in(truth: Truth, demo: Fleet) -> None:
    rows = rows_of(truth, demo, "lisbon-01", "lisbon-01-door", days=7)
    visitors, street = (sum(sum(row.people.lines[line]) for row in rows) for line in (0, 3))
    assert 20 < street / visitors < 80


def test_a_native_zone_without_a_line_has_stays(truth: Truth, demo: Fleet) -> None:
    rows = rows_of(truth, demo, "lisbon-01", "lisbon-01-door")
    stays = [sum(row.people.regions[region] for row in rows) for region in range(4)]
    entries = sum(row.people.lines[0][0] for row in rows)
    assert stays[0] > entries > stays[3] > 0


def test_a_closed_day_has_a_street_but_no_visitors(truth: Truth, demo: Fleet) -> None:
    store = demo.store("lisbon-01")
    christmas = dt.datetime(2026, 12, 25, tzinfo=dt.UTC)
    rows = truth.rows(store.sensors[0], store, christmas, christmas + A_DAY)
    assert {row.people.lines[0] for row in rows} == {(0, 0)}
    assert sum(row.people.lines[3][0] for row in rows) > 0


def test_a_store_that_does_not_say_when_it_is_open_has_visitors(truth: Truth, fleet: Fleet) -> None:
    store = fleet.store("lisbon").model_copy(update={"opening_hours": OpeningHours()})
    rows = truth.rows(_device(store, "open"), store, THURSDAY, THURSDAY + A_DAY)
    assert sum(sum(row.people.lines[0]) for row in rows) > 0


@pytest.mark.parametrize("store_id", ["lisbon-01", "replay-los-angeles"])
def test_parts_of_an_interval_add_up_to_it(truth: Truth, demo: Fleet, store_id: str) -> None:
    store = demo.store(store_id)
    device = store.sensors[0]
    start, pieces = THURSDAY + dt.timedelta(hours=14), [0, 7, 111, 1800, 3333, 3600]
    spans = [Span(*(start + dt.timedelta(seconds=at) for at in ends)) for ends in pairwise(pieces)]
    parts = [truth.people(device, store, span) for span in spans]
    assert sum(parts[1:], parts[0]) == truth.people(device, store, Span(start, start + dt.timedelta(hours=1)))


def test_rows_depend_on_nothing_but_the_interval(truth: Truth, demo: Fleet) -> None:
    store = demo.store("lisbon-01")
    crowd = load_scenario(demo_scenario_path()).crowds()["lisbon-01"]
    alone = true_rows(store.sensors[0], store, THURSDAY + A_DAY / 2, THURSDAY + A_DAY, crowd=crowd)
    assert alone == rows_of(truth, demo, "lisbon-01", "lisbon-01-door")[12:]


def test_hours_of_india_begin_on_the_half_hour(truth: Truth, demo: Fleet) -> None:
    rows = rows_of(truth, demo, "replay-bengaluru", "replay-bengaluru-door")
    assert {row.start.minute for row in rows} == {30}
    assert {row.end - row.start for row in rows} == {dt.timedelta(hours=1)}


def test_the_replayed_door_drifts(truth: Truth, demo: Fleet) -> None:
    rows = rows_of(truth, demo, "replay-los-angeles", "replay-los-angeles-door", days=7)
    entries, exits = (sum(row.people.lines[0][way] for row in rows) for way in (0, 1))
    assert entries != exits
    assert abs(entries - exits) < 0.3 * entries
