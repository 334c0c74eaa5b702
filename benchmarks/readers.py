"""What: the queries of dashboards through the readers' views, over a year of a fleet, as owner and as a member.

A member is bound by row level security, as over Supabase's REST interface. On the embedded server and on
PostgreSQL 15, or 16 where that is not installed: of the two, a line shows the one that does worse.

Yardstick: the server's own time (EXPLAIN ANALYZE) to find the same rows by their key, out of the index alone; no query
that returns a figure can be under it. The index is the one that also carries figures: without them it would be read in
two thirds to half the time. What a client waits for, 95 of 100 times, stands in a line of its own. A year of a store as
reported, summed, is held against the same sum as owner: what row level security costs.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from statistics import median, quantiles
from time import perf_counter

import psycopg

from benchmarks.fleet import DAY, made_fleet
from benchmarks.ground import fresh_database, own_older_postgres, own_postgres
from benchmarks.measure import ratio_of
from benchmarks.sizes import Sizes
from benchmarks.table import Figure
from benchmarks.year import USER, fill
from retail_pipeline.fleet.models import Fleet
from retail_pipeline_tests.older_postgres import UrlOf, older_version

_DAYS = 365
_ASKED = 100
_EXPLAINED = 20
_PATIENCE_S = 0.02
_ROLES = ("owner", "member")
Values = Mapping[str, object]


@dataclass(frozen=True)
class Reading:
    """A query of a dashboard; the same rows by key; the same answer by hand, out of the tables."""

    name: str
    query: str
    by_key: str
    by_hand: str


_MONTH = (
    "FROM retail.{} WHERE store_id = %(store)s"
    " AND hour_start >= %(end)s - interval '30 days' AND hour_start < %(end)s ORDER BY hour_start"
)
_WEEK = "FROM retail.{} WHERE trading_day > %(day)s - 7 AND trading_day <= %(day)s"
_FOUR_WEEKS = "FROM retail.{} WHERE store_id = %(store)s AND trading_day > %(day)s - 28 ORDER BY trading_day"
READINGS = (
    Reading(
        "a store's last 30 days by hour",
        f"SELECT local_hour_start, entries_best, quality {_MONTH.format('store_hours')}",
        f"SELECT hour_start {_MONTH.format('hourly_analytics')}",
        "SELECT hour_start AT TIME ZONE 'UTC', greatest(entries, entries_imputed), quality"
        f" {_MONTH.format('hourly_analytics')}",
    ),
    Reading(
        "all stores yesterday",
        "SELECT store_name, entries, capture_rate, peak_hour FROM retail.store_days"
        " WHERE trading_day = %(day)s ORDER BY store_id",
        "SELECT trading_day FROM retail.daily_summaries WHERE trading_day = %(day)s",
        "SELECT name, entries, capture_rate, peak_hour FROM retail.daily_summaries INNER JOIN retail.stores"
        " USING (store_id) WHERE trading_day = %(day)s ORDER BY store_id",
    ),
    Reading(
        "top ten of a week",
        f"SELECT store_name, sum(entries) AS entries {_WEEK.format('store_days')}"
        " GROUP BY store_name ORDER BY entries DESC LIMIT 10",
        f"SELECT trading_day {_WEEK.format('daily_summaries')}",
        f"SELECT name, sum FROM (SELECT store_id, sum(entries) {_WEEK.format('daily_summaries')} GROUP BY store_id"
        " ORDER BY 2 DESC LIMIT 10) AS busiest INNER JOIN retail.stores USING (store_id) ORDER BY sum DESC",
    ),
    Reading(
        "a store against last year",
        f"SELECT trading_day, entries, entries_52_weeks_ago, change_52_weeks {_FOUR_WEEKS.format('store_days')}",
        f"SELECT trading_day {_FOUR_WEEKS.format('daily_summaries')}",
        f"SELECT trading_day, entries, entries_52_weeks_ago, change_52_weeks {_FOUR_WEEKS.format('daily_summaries')}",
    ),
)
_YEAR = (
    "SELECT sum(total_in) FROM retail.raw_sensor_counts WHERE store_id = %(store)s"
    " AND interval_start >= %(end)s - interval '365 days' AND interval_start < %(end)s"
)

_ASKING = "SELECT retail.readable_stores('viewer'), retail.readable_organizations('viewer', FALSE)"


def run(sizes: Sizes) -> list[Figure]:
    """A figure per query and role, one of what row level security costs, and the longest wait."""
    fleet = made_fleet(sizes.reader_stores, sizes.devices)
    with own_postgres(fsync=False) as postgres:
        servers = [_on("embedded", postgres.url, fleet, sizes)]
    with own_older_postgres() as url_of:
        servers.append(_on(f"PostgreSQL {older_version()}", url_of, fleet, sizes))
    return [max(figures, key=_ratio) for figures in zip(*servers, strict=True)]


def _ratio(figure: Figure) -> float:
    return figure.ratio.median if figure.ratio else 0.0


def _on(server: str, url_of: UrlOf, fleet: Fleet, sizes: Sizes) -> list[Figure]:
    days = 30 if sizes.name == "small" else _DAYS
    size = f"{len(fleet.stores):,} stores x {days} days, {server}"
    with fresh_database(url_of) as url:
        fill(url, fleet, days)
        with psycopg.connect(url, autocommit=True) as connection:
            desk = Desk(connection, fleet, size)
            figures = [desk.figure(reading, role) for role in _ROLES for reading in READINGS]
            return [*figures, desk.year_figure(), desk.wait_figure()]


class Desk:
    """A server with a year on it, and what is asked: another store each time, and one of three days."""

    def __init__(self, connection: psycopg.Connection, fleet: Fleet, size: str) -> None:
        self.connection, self.size = connection, size
        chance = Random(7)  # noqa: S311
        ends = [DAY - timedelta(days=1 + n % 3) for n in range(_ASKED)]
        self.asked = [{"store": chance.choice(fleet.store_ids), "end": end, "day": end.date()} for end in ends]

    def figure(self, reading: Reading, role: str) -> Figure:
        """The server's time for a query beside that of its rows by key, taken in turns."""
        ours, bound = self._in_turns((reading.query, role), (reading.by_key, "owner"), self.asked[:_EXPLAINED])
        return Figure(
            f"read {reading.name}, as {role}",
            self.size,
            median(ours),
            "the same rows by key, out of the index alone",
            median(bound),
            ratio_of(ours, bound),
            2,
            limit=self._limit(reading, role, median(bound)),
        )

    def year_figure(self) -> Figure:
        """A year of a store as reported, summed: a member beside the owner.

        The same store each time: a year takes half of the server's cache, and a new one evicts it turn by turn.
        """
        ours, theirs = self._in_turns((_YEAR, "member"), (_YEAR, "owner"), self.asked[:1] * _EXPLAINED)
        what = "sum a year of a store as reported, as member"
        return Figure(what, self.size, median(ours), "as owner", median(theirs), ratio_of(ours, theirs), 1.3)

    def wait_figure(self) -> Figure:
        """How long a client waits for the slowest of the queries, 95 of 100 times."""
        waits = {f"{reading.name}, as {role}": self._p95(reading, role) for role in _ROLES for reading in READINGS}
        slowest = max(waits, key=lambda name: waits[name])
        ratio = ratio_of([waits[slowest]], [_PATIENCE_S])
        words = f"slowest is {slowest}; 95 of 100 should wait no longer than"
        return Figure("wait for any of these", self.size, waits[slowest], words, _PATIENCE_S, ratio, 1)

    def _p95(self, reading: Reading, role: str) -> float:
        _become(self.connection, role)
        waits = []
        for values in self.asked:
            started = perf_counter()
            rows = self.connection.execute(reading.query.encode(), values).fetchall()
            waits.append(perf_counter() - started)
            if not rows:
                raise RuntimeError(f"{reading.name} returns no row as {role}")
        return quantiles(waits, n=20)[-1]

    def _limit(self, reading: Reading, role: str, bound: float) -> str:
        """What neither view nor policy takes, as measured."""
        by_hand = self._typical(reading.by_hand)
        words = f"by hand out of the tables it takes {by_hand * 1000:.2f} ms ({by_hand / bound:.1f} x)"
        if role == "owner":
            return words
        asking = self._typical(_ASKING, role)
        return f"{words}, and to ask once what the member may read {asking * 1000:.2f} ms ({asking / bound:.1f} x)"

    def _in_turns(
        self, one: tuple[str, str], other: tuple[str, str], asked: Sequence[Values]
    ) -> tuple[Sequence[float], Sequence[float]]:
        """Seconds of two queries, each as a role, as often before as after each other: the last finds pages warm."""
        turns = [
            [self._explained(query, values, role) for query, role in (one, one, other, other, one)] for values in asked
        ]
        return [(turn[1] + turn[4]) / 2 for turn in turns], [(turn[2] + turn[3]) / 2 for turn in turns]

    def _typical(self, query: str, role: str = "owner") -> float:
        return median(self._explained(query, values, role) for values in self.asked[:_EXPLAINED])

    def _explained(self, query: str, values: Values, role: str = "owner") -> float:
        _become(self.connection, role)
        explain = f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {query}".encode()
        row = self.connection.execute(explain, values).fetchone()
        return float(row[0][0]["Execution Time"]) / 1000 if row else 0.0


def _become(connection: psycopg.Connection, role: str) -> None:
    connection.execute("RESET ROLE")
    claims = json.dumps({"sub": USER, "role": "authenticated"})
    connection.execute("SELECT set_config('request.jwt.claims', %s, false)", [claims])
    if role == "member":
        connection.execute("SET ROLE authenticated")
