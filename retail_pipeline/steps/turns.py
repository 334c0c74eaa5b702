"""The devices of one poll, asked at once and taken in as they answer: who is still to come, and whose are busy.

Answers are written in turns, each a transaction of its own. The locks of devices that have not answered yet end with
one and are taken by the next at once; whoever came in between asks the device too, and it is left to him.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet

from retail_pipeline.devices.client import Answer
from retail_pipeline.devices.models import Ask
from retail_pipeline.fleet.models import Report
from retail_pipeline.steps.asking import WantedHour
from retail_pipeline.warehouse.connection import Connection
from retail_pipeline.warehouse.locks import device_locks

Fetch = Callable[[Sequence[Ask]], Iterable[Answer | None]]
"""An answer per ask as they come; None: others are still to come, and what is there can be written."""


class Turns:
    """What became of the asks so far. `known`: answers that need no asking."""

    def __init__(self, fetch: Fetch, report: Report, asks: Sequence[Ask], known: Sequence[Answer]) -> None:
        self._fetch, self._report, self._asks = fetch, report, asks
        self._answers = list(known)
        self._to_come = Counter(ask.device.id for ask in asks)
        self._asked: set[str] = set()
        self._coming: Iterator[Answer | None] = iter(())
        self._is_over = False

    def lock(self, connection: Connection, wanted: Collection[WantedHour]) -> set[str]:
        """Take the locks of the devices of these hours; returns those that somebody else holds."""
        devices = {device.id for one in wanted for device in one.store.devices_for(self._report)}
        return devices - device_locks(connection, devices)

    def take(
        self, connection: Connection, wanted: Collection[WantedHour], busy: AbstractSet[str]
    ) -> tuple[list[WantedHour], set[str]]:
        """Ask, and wait until some of the wanted stores have answered in full, or all have.

        Returns the hours of those stores, all when it is over, and the devices that somebody else is asking, which are
        `busy` or were until now: he accounts for them.
        """
        ready = self._until_ready(wanted, busy)
        if self._is_over and busy:
            busy = self.lock(connection, wanted)
            ready = self._until_ready(wanted, busy)
        return ready, set(busy)

    def hand_over(self, hours: Collection[WantedHour], busy: AbstractSet[str]) -> list[Answer]:
        """The answers of the stores of these hours, without those of `busy` devices; they are kept here no longer."""
        stores = {one.store.id for one in hours}
        theirs = [one for one in self._answers if one.ask.store.id in stores]
        self._answers = [one for one in self._answers if one.ask.store.id not in stores]
        return [one for one in theirs if one.ask.device.id not in busy]

    def _until_ready(self, wanted: Collection[WantedHour], busy: AbstractSet[str]) -> list[WantedHour]:
        others = busy | self._asked
        if fresh := [ask for ask in self._asks if ask.device.id not in others]:
            self._asked |= {ask.device.id for ask in fresh}
            self._coming, self._is_over = iter(self._fetch(fresh)), False
        for answer in self._coming:
            if answer is not None:
                self._answers.append(answer)
                self._to_come[answer.ask.device.id] -= 1
            elif ready := [one for one in wanted if self._has_answered(one, busy)]:
                return ready
        self._is_over = True
        return list(wanted)

    def _has_answered(self, one: WantedHour, busy: AbstractSet[str]) -> bool:
        devices = {device.id for device in one.store.devices_for(self._report)}
        return devices.isdisjoint(busy) and not any(self._to_come[device] for device in devices)
