"""Stored answers as the asks and answers that they were, so that a replay reads them as their poll did."""

import datetime as dt
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from pydantic import HttpUrl

from retail_pipeline.devices.client import Answer
from retail_pipeline.devices.errors import error_of_cause
from retail_pipeline.devices.models import Ask, Failure, Reply
from retail_pipeline.fleet.models import Device, Report, Store
from retail_pipeline.steps.asking import WantedHour
from retail_pipeline.steps.poll import Poll, read_answers
from retail_pipeline.warehouse.kept import KeptReply

_NOWHERE = HttpUrl("http://device.invalid/")


def read_kept(
    stores: Sequence[Store], report: Report, polled_at: dt.datetime, kept: Sequence[KeptReply], *, declared_zones: bool
) -> Poll:
    """The poll again, parsed by today's parser, with what was known then: its time, the clocks, the devices' zones.

    A device's stamps are read in the zone that the fleet file gave it when it was asked: moving a device does not move
    the past. With `declared_zones` they are read in the zone that it has now, which is how a wrong zone is put right.
    """
    of_id = {store.id: store for store in stores}
    answers = [_answer(one, _ask(one, of_id[one.store_id], report, declared_zones)) for one in kept]
    asked = [WantedHour(of_id[store_id], polled_at, ()) for store_id in sorted({one.store_id for one in kept})]
    skews = {one.sensor_id: one.last_skew for one in kept if one.last_skew is not None}
    return read_answers(report, asked, answers, skews, frozenset(), polled_at)


def _answer(kept: KeptReply, ask: Ask) -> Answer:
    if kept.was_read:
        arrival = (kept.received_at, kept.latency_ms, kept.device_clock, kept.attempts)
        return Reply(ask, kept.request, kept.status or 200, kept.text, *arrival)
    error = error_of_cause(kept.error_cause or "unreachable", kept.sensor_id, kept.error_detail or "", kept.status)
    return Failure(ask, error, kept.received_at, kept.latency_ms, kept.attempts, kept.status)


def _ask(kept: KeptReply, store: Store, report: Report, declared_zones: bool) -> Ask:
    device = next((one for one in store.sensors if one.id == kept.sensor_id), None)
    device = device or Device(id=kept.sensor_id, url=_NOWHERE)
    declared = store.device_zone(device)
    then = declared if kept.timezone is None else ZoneInfo(kept.timezone)
    zone = declared if declared_zones else then
    # The device was asked for wall-clock times: read in another zone, they are another window.
    start = kept.window_start.astimezone(then).replace(tzinfo=zone).astimezone(dt.UTC)
    end = start + (kept.window_end - kept.window_start)
    return Ask(store, device.model_copy(update={"timezone": zone.key}), report, start, end)
