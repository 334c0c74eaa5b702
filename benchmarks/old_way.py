"""How it was done before: one device after the other, a row at a time. Too slow to run whole: a sample is."""

import base64
import csv
import io
import urllib.request
from collections.abc import Sequence

import psycopg

from retail_pipeline.devices.models import Ask
from retail_pipeline.devices.requests import report_url

_INSERT = b"""
INSERT INTO retail.raw_sensor_counts (
    sensor_id, store_id, organization_id, interval_start, interval_end,
    line1_in, line1_out, line2_in, line2_out, line3_in, line3_out, line4_in, line4_out, total_in, total_out,
    is_complete, reply_id, collected_at
) VALUES (%s, %s, %s, %s, %s::timestamptz + interval '1 second', %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, true, 1, now())
ON CONFLICT (sensor_id, interval_start) DO UPDATE SET line1_in = excluded.line1_in, line1_out = excluded.line1_out
"""


def collect_one_by_one(url: str, asks: Sequence[Ask]) -> None:
    """Ask, parse and write the devices of a sample, each row in a transaction of its own."""
    secret = base64.b64encode(b"svc:password").decode()
    with psycopg.connect(url, autocommit=True) as connection:
        for ask in asks:
            request = urllib.request.Request(report_url(ask), headers={"Authorization": f"Basic {secret}"})  # noqa: S310
            with urllib.request.urlopen(request, timeout=30) as reply:  # noqa: S310
                text = reply.read().decode()
            who = (ask.device.id, ask.store.id, ask.store.organization)
            for row in list(csv.reader(io.StringIO(text)))[1:]:
                lines = [int(row[at + way]) for at in (5, 8, 11, 14) for way in (0, 1)]
                connection.execute(_INSERT, [*who, f"{row[0]}+00", f"{row[1]}+00", *lines, int(row[2]), int(row[3])])
