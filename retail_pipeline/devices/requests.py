"""The address of a report, exactly as the devices take it."""

import datetime as dt

from retail_pipeline.devices.models import Ask, Shown
from retail_pipeline.fleet.models import Device, Report

_ALL_REGIONS = "region1=1&region2=1&region3=1&region4=1"
_PARAMETERS = {
    # linetype 31 is a bit mask: the total and lines 1 to 4; statistics_type 3 is In, Out and Sum.
    Report.LINES: "dw=vcalogcsv&report_type=0&statistics_type=3&linetype=31",
    Report.REGIONS: f"dw=regionalcountlogcsv&report_type=0&lengthtype=0&length=0&{_ALL_REGIONS}",
    # lengthtype 1 keeps the stays longer than `length`, in seconds.
    Report.LONG_STAYS: f"dw=regionalcountlogcsv&report_type=0&lengthtype=1&length={{seconds}}&{_ALL_REGIONS}",
    Report.HEAT: "dw=heatmapcsv&sub_type=0",
}

_SHOWN = {Shown.COUNTERS: "cgi-bin/operator/operator.cgi?action=get.vca.alarmstatus"}


def report_url(ask: Ask) -> str:
    """The URL of a report: stamps in the device's local time, colons unescaped, no credentials.

    The end is inclusive (`22:59:59`), as `EndTime` is: firmware that honours it gives no row too many. What a device
    shows of now takes no window.
    """
    if isinstance(ask.report, Shown):
        return f"{base_url(ask.device)}/{_SHOWN[ask.report]}"
    last = ask.end - dt.timedelta(seconds=1)
    window = f"time_start={_stamp(ask, ask.start)}&time_end={_stamp(ask, last)}"
    parameters = _PARAMETERS[ask.report].format(seconds=ask.device.long_stay_seconds)
    return f"{base_url(ask.device)}/dataloader.cgi?{parameters}&{window}"


def base_url(device: Device) -> str:
    """The device's address without a trailing slash, a query, or credentials that do not belong there."""
    url = device.url
    host = f"{url.host}:{url.port}" if url.port else str(url.host)
    return f"{url.scheme}://{host}{(url.path or '').rstrip('/')}"


def _stamp(ask: Ask, instant: dt.datetime) -> str:
    return f"{instant.astimezone(ask.zone):%Y-%m-%d-%H:%M:%S}"
