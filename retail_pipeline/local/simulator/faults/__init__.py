"""Faults, on purpose: each a small function, registered here by the name that scenarios use.

When a fault strikes, and whom, belongs in `scenario`.
"""

from retail_pipeline.local.simulator.faults import columns, replies, rows, setup, wires
from retail_pipeline.local.simulator.faults.kinds import (
    ColumnFault,
    Fault,
    ReplyFault,
    RowFault,
    SetupFault,
    WireFault,
)

FAULTS: dict[str, Fault] = {
    "refused": WireFault(wires.refused, is_deaf=True),
    "flapping": WireFault(wires.refused),  # `every` is 2 unless the scenario says otherwise
    "hang": WireFault(wires.hang, is_deaf=True),
    "slow_drip": WireFault(wires.slow_drip),
    "endless_body": WireFault(wires.endless_body),
    "401": ReplyFault(replies.with_status(401)),
    "403": ReplyFault(replies.with_status(403)),
    "429": ReplyFault(replies.too_many_requests),
    "500": ReplyFault(replies.with_status(500)),
    "502": ReplyFault(replies.with_status(502)),
    "redirect": ReplyFault(replies.redirect),
    "html_login": ReplyFault(replies.html_login),
    "empty_body": ReplyFault(replies.empty_body),
    "truncated_body": ReplyFault(replies.truncated_body),
    "wrong_content_length": ReplyFault(replies.wrong_content_length),
    "gzip_bomb": ReplyFault(replies.gzip_bomb),
    "bom": ReplyFault(replies.bom),
    "crlf": ReplyFault(replies.crlf),
    "latin1": ReplyFault(replies.latin1),
    "total_spelling": ColumnFault(columns.total_spelling),
    "missing_total": ColumnFault(columns.missing_total),
    "missing_columns": ColumnFault(columns.missing_columns),
    "extra_columns": ColumnFault(columns.extra_columns),
    "reordered_columns": ColumnFault(columns.reordered_columns),
    # In this order they can be combined: what makes figures comes before what spoils them.
    "future_rows": RowFault(rows.future_rows),
    "power_off": RowFault(rows.power_off),
    "counter_reset": RowFault(rows.counter_reset),
    "swapped_lines": RowFault(rows.swapped_lines),
    "unknown_line": RowFault(rows.unknown_line),
    "over_cap": RowFault(rows.over_cap),
    "negative": RowFault(rows.negative),
    "bad_sums": RowFault(rows.bad_sums),
    "non_numeric": RowFault(rows.non_numeric),
    "other_dates": RowFault(rows.other_dates),
    "unfloored_first_row": RowFault(rows.unfloored_first_row),
    "duplicated_rows": RowFault(rows.duplicated_rows),
    "clock_skew": SetupFault(setup.clock_skew),
    "clock_stopped": SetupFault(setup.clock_stopped),
    "five_minute_rows": SetupFault(setup.five_minute_rows),
}

__all__ = ["FAULTS", "ColumnFault", "Fault", "ReplyFault", "RowFault", "SetupFault", "WireFault"]
