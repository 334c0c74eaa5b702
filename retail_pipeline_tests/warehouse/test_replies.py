import dataclasses
import datetime as dt
import gzip
import hashlib

import polars as pl

from retail_pipeline.devices.errors import Unreachable
from retail_pipeline.devices.models import Ask, Failure, Reply
from retail_pipeline.fleet.models import Report
from retail_pipeline.warehouse import rejected, replies
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline_tests.warehouse.builders import DAY, HOUR, NOON, small_fleet

STORE = small_fleet().store("lisbon")
ASK = Ask(STORE, STORE.sensors[0], Report.LINES, NOON - DAY, NOON)
BODY = b"StartTime, EndTime\r\n"
REPLY = Reply(ASK, "http://sensor.example/1/dataloader.cgi", 200, BODY, NOON, 12.5, NOON - HOUR / 60, 2)
FAILURE = Failure(ASK, Unreachable("lisbon-door", "no route to host"), NOON, 60_000.0, 0)


def test_an_answer_is_kept_as_it_came(warehouse: Warehouse) -> None:
    with warehouse.transaction() as connection:
        ids = replies.store_replies(connection, [REPLY], {0: -60.0})
        row = connection.execute(
            "SELECT reply_id, request, status, device_clock, clock_skew_seconds, attempts, sha256, body, error_cause,"
            " window_start, report FROM retail.device_replies"
        ).fetchone()
    assert row is not None
    assert row[:6] == (ids[0], REPLY.url, 200, NOON - HOUR / 60, -60.0, 2)
    assert row[6] == hashlib.sha256(BODY).hexdigest()
    assert gzip.decompress(row[7]) == BODY
    assert row[8:] == (None, NOON - DAY, "lines")


def test_a_failure_is_kept_with_its_cause_and_what_was_asked(warehouse: Warehouse) -> None:
    with warehouse.transaction() as connection:
        replies.store_replies(connection, [FAILURE])
        row = connection.execute(
            "SELECT error_cause, error_detail, status, sha256, body, attempts, request FROM retail.device_replies"
        ).fetchone()
    assert row is not None
    assert row[:6] == ("unreachable", "no route to host", None, None, None, 0)
    assert "dataloader.cgi?dw=vcalogcsv" in row[6]


def test_a_reply_that_repeated_a_credential_says_so_and_its_digest_is_of_what_is_kept(warehouse: Warehouse) -> None:
    with warehouse.transaction() as connection:
        replies.store_replies(connection, [REPLY, dataclasses.replace(REPLY, body=b"you are ***", blots=1)])
        rows = connection.execute("SELECT blots, body, sha256 FROM retail.device_replies ORDER BY reply_id").fetchall()
    assert [row[0] for row in rows] == [0, 1]
    assert gzip.decompress(rows[1][1]) == b"you are ***"
    assert rows[1][2] == hashlib.sha256(b"you are ***").hexdigest()


def test_ids_come_in_the_order_of_the_answers(warehouse: Warehouse) -> None:
    with warehouse.transaction() as connection:
        ids = replies.store_replies(connection, [REPLY, FAILURE, REPLY])
        found = connection.execute(
            "SELECT reply_id FROM retail.device_replies WHERE error_cause IS NOT NULL"
        ).fetchall()
        assert replies.store_replies(connection, []) == []
    assert found == [(ids[1],)]
    assert len(set(ids)) == 3


def test_a_bad_row_is_kept_once_however_often_it_comes(warehouse: Warehouse) -> None:
    with warehouse.transaction() as connection:
        first, second = replies.store_replies(connection, [REPLY, REPLY])
        assert rejected.store_rejected(connection, bad_rows(first, "a,b", "c,d")) == 2
        assert rejected.store_rejected(connection, bad_rows(second, "a,b", "e")) == 1
        assert rejected.store_rejected(connection, bad_rows(second)) == 0
        found = connection.execute(
            "SELECT reply_id, store_id, organization_id, row, seen_at FROM retail.rejected_rows ORDER BY row"
        ).fetchall()
    assert [(reply_id, row) for reply_id, _, _, row, _ in found] == [(first, "a,b"), (first, "c,d"), (second, "e")]
    assert found[0][1:3] == ("lisbon", "acme")


def bad_rows(reply_id: int, *rows: str, seen_at: dt.datetime = NOON) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "reply_id": reply_id,
            "sensor_id": "lisbon-door",
            "report": "lines",
            "row_number": range(len(rows)),
            "row": rows,
            "reason": "sums do not add up",
            "collected_at": seen_at,
        }
    )
