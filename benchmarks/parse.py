"""What: replies of devices into rows on the UTC axis, each judged, impossible ones quarantined.

Yardstick: one `pl.read_csv` over the same rows, cut from their headers and joined beforehand. It knows neither devices
nor zones, believes every row and leaves stamps as text: a floor that no parser can be under, since every byte has to be
read once.
"""

from collections.abc import Sequence

import polars as pl

from benchmarks.fleet import HEADER, made_fleet, made_replies
from benchmarks.measure import Contender, interleaved
from benchmarks.sizes import Sizes
from benchmarks.table import Figure
from retail_pipeline.devices.bulk import sheet_of
from retail_pipeline.devices.models import Reply
from retail_pipeline.devices.parse import parse_replies
from retail_pipeline.devices.stamps import heads_of
from retail_pipeline.fleet.models import Report


def run(sizes: Sizes) -> list[Figure]:
    """One figure."""
    replies = made_replies(made_fleet(sizes.stores, sizes.devices))
    joined = HEADER.replace(b" ", b"") + b"\n" + b"".join(reply.body.partition(b"\n")[2] for reply in replies)
    timings = interleaved(
        [
            Contender("parse_replies", lambda: parse_replies(replies)),
            Contender("read_csv", lambda: pl.read_csv(joined)),
            Contender("numbered", lambda: numbered(replies)),
            Contender("by reply", lambda: of_each_reply(replies)),
        ],
        sizes.rounds,
    )
    floor, own = (timings.median(name) * 1000 for name in ("numbered", "by reply"))
    return [
        Figure.of(
            timings,
            "parse",
            f"{len(replies):,} replies of 24 rows, validated and quarantined",
            ours="parse_replies",
            yardsticks=["read_csv"],
            yardstick="one `pl.read_csv` over the same bytes, joined beforehand",
            target=3,
            limit=f"to read the rows and number them by reply, believing each, takes {floor:.0f} ms, to look at each "
            f"reply's own header, zone, window and clock {own:.0f} ms; what is left places and judges the rows",
        )
    ]


def numbered(replies: Sequence[Reply]) -> pl.DataFrame:
    """The least that tells which reply a row came from: bodies cut from their headers, lines counted, all read once."""
    header = HEADER.replace(b" ", b"") + b"\n"
    begins = len(HEADER) + 1
    rows = pl.read_csv(b"".join([header, *(memoryview(reply.body)[begins:] for reply in replies)]))
    counts = pl.DataFrame({"lines": [reply.body.count(b"\n", begins) for reply in replies]}).with_row_index("reply")
    return rows.hstack(counts.select(pl.col("reply").repeat_by("lines").explode()))


def of_each_reply(replies: Sequence[Reply]) -> None:
    """What no row can be read without: which columns a reply has, whose it is, and by what clock."""
    for index, reply in enumerate(replies):
        sheet_of(index, reply.body, Report.LINES)
    heads_of(replies, {})
