"""Lines join zones to a graph; what cannot be told is open with a reason, what contradicts itself is refused."""

from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from retail_pipeline.fleet.graph import build_line_graph
from retail_pipeline.fleet.models import Line, Zone
from retail_pipeline_tests.fleet.declared import device, floor, store

KINDS = {"hall": "entrance", "shopping": "shopping", "queue": "queue"}


def test_the_lines_of_the_design_close_all_zones_but_the_one_without_a_line() -> None:
    lines: dict[int, dict[str, Any]] = {
        1: {"role": "entrance"},
        2: {"role": "interior", "from": "shopping", "to": "queue"},
        3: {"role": "interior", "from": "hall", "to": "shopping", "inverted": True},
        4: {"role": "passers_by"},
    }
    graph = store(**floor(KINDS | {"window": "premium"}, lines)).graph

    assert [(door.line, *door.areas, door.inverted) for door in graph.doors] == [
        (1, "outside", "hall", False),
        (2, "shopping", "queue", False),
        (3, "hall", "shopping", True),
    ]
    assert graph.closed_zones == ("hall", "shopping", "queue")
    assert graph.open_reasons == {"window": "no counted line bounds it"}
    assert [door.label for door in graph.doors_of("shopping")] == ["door/2", "door/3"]


def test_an_entrance_may_lead_from_the_street_into_any_zone() -> None:
    graph = store(**floor(KINDS, {1: {"role": "entrance", "from": "street", "to": "queue"}})).graph
    assert [door.areas for door in graph.doors] == [("street", "queue")]


def test_an_entrance_without_a_zone_is_a_boundary_and_no_door() -> None:
    assert store(sensors=[device()]).graph.doors == ()


def test_ignored_lines_and_passers_by_are_no_doors_even_with_areas() -> None:
    lines = {1: {"role": "ignored", "from": "outside", "to": "hall"}, 2: {"role": "passers_by", "to": "street"}}
    assert store(**floor(KINDS, lines)).graph.doors == ()


def test_an_entrance_that_could_lead_to_either_of_two_entrance_zones_leaves_both_open() -> None:
    zones = {"hall": "entrance", "side": "entrance", "shopping": "shopping"}
    lines = {
        1: {"role": "entrance"},
        2: {"role": "interior", "from": "hall", "to": "shopping"},
        3: {"role": "interior", "from": "side", "to": "shopping"},
    }
    graph = store(**floor(zones, lines)).graph
    assert graph.closed_zones == ("shopping",)
    assert graph.open_reasons["hall"] == "the entrance lines door/1 do not say which zone they lead to"
    assert store(**floor(zones, lines, hall={"closed": True})).graph.closed_zones == ("hall", "shopping")


def test_a_zone_declared_open_has_doors_but_no_occupancy() -> None:
    graph = store(**floor(KINDS, {1: {"role": "entrance"}}, hall={"closed": False})).graph
    assert len(graph.doors) == 1
    assert graph.open_reasons["hall"] == "declared closed: false, a boundary of it is not counted"


def test_switching_a_device_off_opens_its_zones_and_refuses_nothing() -> None:
    lines = {1: {"role": "entrance"}, 2: {"role": "interior", "from": "hall", "to": "queue"}}
    layout = floor({"hall": "entrance", "queue": "queue"}, lines, hall={"closed": True}, queue={"closed": True})
    layout["sensors"] = [device("door", lines={1: lines[1]}, active=False), device("till", lines={2: lines[2]})]
    graph = store(**layout).graph
    assert [door.label for door in graph.doors] == ["till/2"]
    assert graph.closed_zones == ("queue",)
    assert graph.open_reasons == {"hall": "nobody counts at door/1: the device is not active"}


@pytest.mark.parametrize(
    ("lines", "flags", "message"),
    [
        pytest.param(
            {1: {"role": "entrance", "to": "hal"}},
            {},
            "store shop, line door/1 names the area 'hal', which is not declared; declared are hall, shopping, queue,"
            " outside, street",
            id="an unknown area",
        ),
        pytest.param(
            {4: {"role": "passers_by", "from": "lane"}},
            {},
            "line door/4 names the area 'lane'",
            id="also off the doors",
        ),
        pytest.param(
            {1: {"role": "interior", "from": "hall"}},
            {},
            "store shop, line door/1 is interior and needs both from and to; to is missing",
            id="half an interior line",
        ),
        pytest.param(
            {1: {"role": "interior", "from": "hall", "to": "hall"}}, {}, "leads from hall to itself", id="a loop"
        ),
        pytest.param(
            {1: {"role": "entrance", "from": "hall", "to": "outside"}},
            {},
            "inverted: true",
            id="an entrance that leaves",
        ),
        pytest.param(
            {1: {"role": "entrance", "from": "queue"}}, {}, "leads from queue to hall", id="an entrance from inside"
        ),
        pytest.param(
            {1: {"role": "entrance"}},
            {"queue": {"closed": True}},
            "store shop, zone queue is declared closed: true, but no counted line bounds it",
            id="a closed zone without a line",
        ),
        pytest.param(
            {1: {"role": "entrance"}, 2: {"role": "interior", "from": "shopping", "to": "queue"}},
            {},
            "store shop: the zones shopping, queue are joined by the lines door/2 to each other only",
            id="zones that claim the same people",
        ),
    ],
)
def test_what_contradicts_itself_is_refused_by_name(
    lines: dict[int, dict[str, Any]], flags: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match="shop") as refused:
        store(**floor(KINDS, lines, **flags))
    assert message in str(refused.value)


def test_every_line_that_is_wrong_is_named_not_only_the_first() -> None:
    lines = [("door", number, Line.model_validate({"role": "entrance", "to": "hal"})) for number in (1, 2)]
    with pytest.raises(ValueError, match=r"door/1.*door/2"):
        build_line_graph("shop", {}, lines)


AREAS = ["a", "b", "c", "d", "outside", "street"]
DOORS = st.lists(st.tuples(st.sampled_from(AREAS), st.sampled_from(AREAS)).filter(lambda ends: ends[0] != ends[1]))


@given(ends=DOORS)
def test_zones_are_refused_exactly_when_the_rank_of_their_incidence_matrix_is_short(
    ends: list[tuple[str, str]],
) -> None:
    zones = {name: Zone.model_validate({"kind": "shopping", "name": name}) for name in "abcd"}
    lines = [
        ("door", number, Line.model_validate({"role": "interior", "from": from_area, "to": to_area}))
        for number, (from_area, to_area) in enumerate(ends)
    ]
    closed = [zone for zone in zones if any(zone in pair for pair in ends)]
    matrix = [[float((to == zone) - (start == zone)) for start, to in ends] for zone in closed]
    if _rank(matrix) < len(closed):
        with pytest.raises(ValueError, match="depend on each other"):
            build_line_graph("shop", zones, lines)
    else:
        assert build_line_graph("shop", zones, lines).closed_zones == tuple(closed)


def _rank(matrix: list[list[float]]) -> int:
    rows, rank = [row[:] for row in matrix], 0
    for column in range(len(rows[0]) if rows else 0):
        pivot = next((row for row in rows[rank:] if abs(row[column]) > 1e-9), None)
        if pivot is None:
            continue
        rows.remove(pivot)
        rows.insert(rank, pivot)
        for index in range(rank + 1, len(rows)):
            factor = rows[index][column] / pivot[column]
            rows[index] = [cell - factor * above for cell, above in zip(rows[index], pivot, strict=True)]
        rank += 1
    return rank
