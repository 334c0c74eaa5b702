"""What the overview of an organization is made of: plain values, gathered elsewhere, rendered elsewhere."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True)
class StoreWeek:
    """A store's week against the week before, as frames/like_for_like.py has it, and its last day.

    `reason` says why it is not compared; then `rank` and what follows are None. `day_...` are of the last day.
    """

    store_id: str
    store_name: str
    rank: int | None = None
    days: int | None = None
    entries: int | None = None
    entries_before: int | None = None
    change: float | None = None
    reason: str | None = None
    day_entries: int | None = None
    day_capture_rate: float | None = None
    day_completeness: float | None = None
    day_quality: str | None = None


@dataclass(frozen=True)
class OrganizationReport:
    """The stores of an organization, best first and those that cannot be compared last."""

    organization_id: str
    organization_name: str
    language: str
    trading_day: dt.date
    made_at: dt.datetime
    input_version: dt.datetime
    stores: tuple[StoreWeek, ...]

    @property
    def ranked(self) -> list[StoreWeek]:
        """Stores that are compared."""
        return [store for store in self.stores if store.reason is None]

    @property
    def apart(self) -> list[StoreWeek]:
        """Stores that are not, each with its reason."""
        return [store for store in self.stores if store.reason is not None]

    @property
    def entries(self) -> int:
        """Of the stores that are compared, on the days that are."""
        return sum(store.entries or 0 for store in self.ranked)

    @property
    def entries_before(self) -> int:
        """Of the same stores on the same weekdays of the week before."""
        return sum(store.entries_before or 0 for store in self.ranked)

    @property
    def change(self) -> float | None:
        """Of all together, out of the sums; None where none is compared."""
        return (self.entries - self.entries_before) / self.entries_before if self.entries_before else None
