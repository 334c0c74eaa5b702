"""The line graph: zones are areas, counted lines are the doors between them.

A zone's occupancy can be told only when every boundary is a counted line, and the zones of a store only when their
boundaries do not repeat each other: an area that no line joins to the outside counts the same people twice.
Crossings do not belong here; `frames` adds them up along these doors.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping

from pydantic import BaseModel, ConfigDict

from retail_pipeline.fleet.layout import OUTSIDE, OUTSIDE_AREAS, STREET, Line, Role, Zone, ZoneKind
from retail_pipeline.fleet.problems import Problem, refuse

__all__ = ["OUTSIDE", "STREET", "Door", "LineGraph", "build_line_graph"]


class Door(BaseModel):
    """A counted line between two areas; IN (after `inverted`) moves people `from_area` -> `to_area`."""

    model_config = ConfigDict(frozen=True)
    sensor_id: str
    line: int
    from_area: str
    to_area: str
    inverted: bool

    @property
    def label(self) -> str:
        """The line as messages name it: device/line."""
        return f"{self.sensor_id}/{self.line}"

    @property
    def areas(self) -> tuple[str, str]:
        """The two areas it joins."""
        return (self.from_area, self.to_area)


class LineGraph(BaseModel):
    """Doors of a store and, for every zone without a published occupancy, the reason.

    Every declared zone stands either in `closed_zones` or in `open_reasons`. An entrance line that leads to no
    declared zone makes the store's entries but is no door.
    """

    model_config = ConfigDict(frozen=True)
    doors: tuple[Door, ...]
    closed_zones: tuple[str, ...]
    open_reasons: dict[str, str]

    def doors_of(self, zone: str) -> tuple[Door, ...]:
        """The doors on the boundary of `zone`."""
        return tuple(door for door in self.doors if zone in door.areas)


def build_line_graph(
    store_id: str,
    zones: Mapping[str, Zone],
    lines: Iterable[tuple[str, int, Line]],
    inactive: Collection[str] = (),
) -> LineGraph:
    """Join the declared lines, each with the id of its device and its number, to a graph.

    Lines of `inactive` devices still bound their zones, but nobody counts there: such zones are open, with that
    reason, so that switching a broken device off never makes a fleet file wrong.

    Raises:
        ValueError: a line names an unknown area, or zones whose occupancies depend on each other; the message names
            the store and the lines.
    """
    declared = tuple(lines)
    refuse(problem for line in declared for problem in _line_problems(store_id, zones, *line))
    counted = [line for line in declared if line[2].role in (Role.ENTRANCE, Role.INTERIOR)]
    drawn = [door for line in counted if (door := _door(zones, *line))]
    reasons = _open_reasons(zones, drawn, _lines_to_nowhere(zones, counted))
    refuse(_closing_problems(store_id, zones, drawn, reasons))
    reasons = _uncounted_reasons(zones, drawn, inactive) | reasons
    return LineGraph(
        doors=tuple(door for door in drawn if door.sensor_id not in inactive),
        closed_zones=tuple(zone for zone in zones if zone not in reasons),
        open_reasons={zone: reasons[zone] for zone in zones if zone in reasons},
    )


def _ends(zones: Mapping[str, Zone], line: Line) -> tuple[str | None, str | None]:
    """The areas of a line; an entrance leads from outside to the only entrance zone unless it says otherwise."""
    if line.role is not Role.ENTRANCE:
        return line.from_area, line.to_area
    entrance_zones = [name for name, zone in zones.items() if zone.kind is ZoneKind.ENTRANCE]
    only = entrance_zones[0] if len(entrance_zones) == 1 else None
    return line.from_area or OUTSIDE, line.to_area or only


def _door(zones: Mapping[str, Zone], sensor_id: str, number: int, line: Line) -> Door | None:
    from_area, to_area = _ends(zones, line)
    if from_area is None or to_area is None:
        return None
    return Door(sensor_id=sensor_id, line=number, from_area=from_area, to_area=to_area, inverted=line.inverted)


def _lines_to_nowhere(zones: Mapping[str, Zone], counted: list[tuple[str, int, Line]]) -> str:
    return ", ".join(f"{sensor_id}/{number}" for sensor_id, number, line in counted if None in _ends(zones, line))


def _line_problems(
    store_id: str, zones: Mapping[str, Zone], sensor_id: str, number: int, line: Line
) -> Iterator[Problem]:
    """What is wrong with one line by itself."""
    at = ("sensors", sensor_id, "lines", number)
    who = f"store {store_id}, line {sensor_id}/{number}"
    for key, area in (("from", line.from_area), ("to", line.to_area)):
        if area is not None and area not in zones and area not in OUTSIDE_AREAS:
            known = ", ".join([*zones, OUTSIDE, STREET])
            yield Problem((*at, key), f"{who} names the area {area!r}, which is not declared; declared are {known}")
        elif area is None and line.role is Role.INTERIOR:
            yield Problem(at, f"{who} is interior and needs both from and to; {key} is missing")
    from_area, to_area = _ends(zones, line)
    if from_area is not None and from_area == to_area:
        yield Problem(at, f"{who} leads from {from_area} to itself")
    elif line.role is Role.ENTRANCE and (from_area not in OUTSIDE_AREAS or to_area in OUTSIDE_AREAS):
        advice = "an entrance leads from outside into the store (one mounted the wrong way round is inverted: true)"
        yield Problem(at, f"{who} leads from {from_area} to {to_area}; {advice}")


def _open_reasons(zones: Mapping[str, Zone], drawn: list[Door], to_nowhere: str) -> dict[str, str]:
    """Why zones are open by what the file declares; absent where they are closed."""
    reasons = {}
    for name, zone in zones.items():
        if zone.closed is False:
            reasons[name] = "declared closed: false, a boundary of it is not counted"
        elif zone.closed is None and not any(name in door.areas for door in drawn):
            reasons[name] = "no counted line bounds it"
        elif zone.closed is None and zone.kind is ZoneKind.ENTRANCE and to_nowhere:
            reasons[name] = f"the entrance lines {to_nowhere} do not say which zone they lead to"
    return reasons


def _uncounted_reasons(zones: Mapping[str, Zone], drawn: list[Door], inactive: Collection[str]) -> dict[str, str]:
    labels = {
        zone: ", ".join(door.label for door in drawn if zone in door.areas and door.sensor_id in inactive)
        for zone in zones
    }
    return {zone: f"nobody counts at {lines}: the device is not active" for zone, lines in labels.items() if lines}


def _closing_problems(
    store_id: str, zones: Mapping[str, Zone], drawn: list[Door], reasons: Mapping[str, str]
) -> Iterator[Problem]:
    """Zones that cannot be closed as declared, and closed zones that claim the same people."""
    for name, zone in zones.items():
        if zone.closed and not any(name in door.areas for door in drawn):
            yield Problem(
                ("zones", name, "closed"),
                f"store {store_id}, zone {name} is declared closed: true, but no counted line bounds it",
            )
    closed = [name for name in zones if name not in reasons and any(name in door.areas for door in drawn)]
    for group in _dependent_groups(closed, drawn):
        lines = ", ".join(door.label for door in drawn if group & {*door.areas})
        names = ", ".join(name for name in closed if name in group)
        yield Problem(
            ("zones",),
            f"store {store_id}: the zones {names} are joined by the lines {lines} to each other only, so their"
            " occupancies add up to nothing and depend on each other; declare the line that joins them to outside, or"
            " closed: false for one of them",
        )


def _dependent_groups(closed: list[str], drawn: list[Door]) -> list[set[str]]:
    """Sets of closed zones whose occupancies depend on each other linearly.

    Rows of the incidence matrix (closed zones x doors) are dependent exactly when a connected component of closed
    zones has no door to any other area: each door inside it stands once as +1 and once as -1, so its rows add up to
    zero, while one door to elsewhere stands in one row only. Joining sets therefore tells the rank; no matrix needed.
    """
    group_of = {name: {name} for name in closed}
    for door in drawn:
        if all(area in group_of for area in door.areas):
            merged = group_of[door.from_area] | group_of[door.to_area]
            group_of |= dict.fromkeys(merged, merged)
    grounded = {area for door in drawn for area in door.areas if any(end not in group_of for end in door.areas)}
    groups = {min(group): group for group in group_of.values()}
    return [group for group in groups.values() if not group & grounded]
