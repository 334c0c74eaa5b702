"""Live counters: what a device shows of its day so far, over all its lines, since it last reset them.

Source: `get.vca.alarmstatus` of Milesight people-counting cameras, lines of `var name='value';`.
"""

import datetime as dt
import re
from typing import NamedTuple
from zoneinfo import ZoneInfo

from retail_pipeline.devices.errors import Malformed, NotAReport
from retail_pipeline.devices.models import Reply
from retail_pipeline.fleet.wall_clock import first_instant

RESET_MARGIN = dt.timedelta(minutes=5)
"""Around the device's midnight nobody can tell whether it has reset its counters yet."""

_VARIABLE = re.compile(r"^\s*var\s+(\w+)\s*=\s*'([^']*)'\s*;?\s*$", re.MULTILINE)
_IN, _OUT = "current_in_count", "current_out_count"
_CHECKSUMS = {"current_sum_count": 1, "current_capacity_count": -1}


class Counters(NamedTuple):
    """People IN and OUT over all lines, the street's included, whichever way round they are mounted."""

    in_count: int
    out_count: int


def parse_counters(reply: Reply) -> Counters:
    """The counters of a reply; variables that nobody asked for are left alone.

    Raises:
        NotAReport: something else, as of a device that shows no counters.
        Malformed: a counter is no number of people, or their sums contradict each other.
    """
    sensor_id = reply.ask.device.id
    told = dict(_VARIABLE.findall(reply.body.decode("utf-8", "replace")))
    if missing := [name for name in (_IN, _OUT) if name not in told]:
        raise NotAReport(sensor_id, f"shows no {' and no '.join(missing)}", reply.status)
    entered, left = (_people(told[name], name, reply) for name in (_IN, _OUT))
    for name, sign in _CHECKSUMS.items():
        if name in told and told[name].strip() != str(entered + sign * left):
            raise Malformed(sensor_id, f"{name} is {told[name][:20]!r} beside {entered} in and {left} out")
    return Counters(entered, left)


def counting_since(shown: dt.datetime, zone: ZoneInfo) -> dt.datetime | None:
    """The midnight (UTC) since which a device whose clock shows `shown` has counted; None within five minutes of one.

    Source: devices reset their counters once a day, by their own clock.
    """
    before, after = ((shown + margin).astimezone(zone).date() for margin in (-RESET_MARGIN, RESET_MARGIN))
    return first_instant(zone, dt.datetime.combine(before, dt.time())) if before == after else None


def _people(text: str, name: str, reply: Reply) -> int:
    if not re.fullmatch(r"\s*[0-9]{1,9}\s*", text):
        raise Malformed(reply.ask.device.id, f"{name} is {text[:20]!r}, no number of people")
    return int(text)
