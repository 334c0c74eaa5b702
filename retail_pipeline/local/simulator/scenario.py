"""What makes simulated devices differ from good ones: firmware, clocks and faults, as a YAML file declares them.

What each fault does belongs in `faults`; here only its name and when it strikes.
"""

import datetime as dt
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from retail_pipeline.local.simulator.clock import DeviceClock, Span, Stretch
from retail_pipeline.local.simulator.faults import FAULTS
from retail_pipeline.local.simulator.truth import DEFAULT_SEED, DEFAULT_VISITORS, Crowd, Source

_LONG_AGO = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class ScenarioError(Exception):
    """The scenario cannot be used; the message names the file and the field. Exit code 2."""


class Window(StrEnum):
    """What a firmware does with `time_end`."""

    IGNORES_END = "ignores_end"
    HONOURS_END = "honours_end"


class RepeatedHour(StrEnum):
    """How many rows a device has for the hour that clocks repeat."""

    ONE_ROW = "one_row"
    TWO_ROWS = "two_rows"


class _Declared(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class FaultSpec(_Declared):
    """One fault of a device, and when it strikes; without limits, always.

    `from` and `until` bound the hours asked for (of a fault in rows: the rows), `wall_from` and `wall_until` the
    simulator's time, both UTC and half-open; `every` n strikes each n-th of those requests (`flapping`: 2), `times`
    ends it after so many, `dw` names kinds of report.
    """

    name: str
    asked_from: AwareDatetime | None = Field(default=None, alias="from")
    asked_until: AwareDatetime | None = Field(default=None, alias="until")
    wall_from: AwareDatetime | None = None
    wall_until: AwareDatetime | None = None
    every: int = Field(default=1, ge=1)
    times: int | None = Field(default=None, ge=1)
    dw: tuple[str, ...] = ()
    options: dict[str, Any] = Field(default_factory=dict)

    @field_validator("name", mode="before")
    @classmethod
    def _known(cls, name: object) -> str:
        if str(name) not in FAULTS:
            raise ValueError(f"{name!r} is no fault; there are {', '.join(FAULTS)}")
        return str(name)

    @property
    def is_limited(self) -> bool:
        """Whether requests have to be counted to know when it strikes."""
        return self.every > 1 or self.times is not None

    def is_asked(self, span: Span) -> bool:
        """Whether `span` (UTC) touches the hours that the fault is limited to."""
        return (self.asked_from is None or span.end > self.asked_from) and (
            self.asked_until is None or span.start < self.asked_until
        )

    def is_time(self, now: dt.datetime) -> bool:
        """Whether the fault strikes at that moment of the simulator's time."""
        return (self.wall_from is None or now >= self.wall_from) and (self.wall_until is None or now < self.wall_until)


def _named(fault: object) -> object:
    named: object = {"name": fault} if isinstance(fault, str | int) else fault
    return {"every": 2, **named} if isinstance(named, dict) and named.get("name") == "flapping" else named


class ClockChange(_Declared):
    """What befell a device's clock at an instant (UTC), until the next change.

    It was set `seconds` ahead of UTC (None: left as it was) and gains `seconds_a_day` from there, or stands still.
    """

    at: AwareDatetime
    seconds: float | None = None
    seconds_a_day: float = 0.0
    stands_still: bool = False

    def stretch(self, before: Stretch, end: dt.datetime) -> Stretch:
        """The clock from here on, after the stretch before."""
        shown = before.shows(self.at) if self.seconds is None else self.at + dt.timedelta(seconds=self.seconds)
        return Stretch(self.at, end, shown, 0.0 if self.stands_still else 1 + self.seconds_a_day / 86_400)


class DeviceScenario(_Declared):
    """How one device behaves. `clock_offset_seconds` is its clock minus UTC; `latency` a range in seconds.

    `clock` is what befell the clock besides, and the rows remember it: people stand where it stood at the time.
    """

    window: Window = Window.IGNORES_END
    repeated_hour: RepeatedHour = RepeatedHour.ONE_ROW
    clock_offset_seconds: float = 0.0
    clock: tuple[ClockChange, ...] = ()
    sends_date: bool = True
    counters_reset_at: AwareDatetime | None = Field(
        default=None, description="live counters begin anew, as at a power cut"
    )
    latency: tuple[float, float] | None = None
    port: int | None = Field(default=None, ge=1, le=65535, description="points the device's address elsewhere")
    faults: tuple[Annotated[FaultSpec, BeforeValidator(_named)], ...] = ()

    def clock_at(self, now: dt.datetime) -> DeviceClock:
        """The device's clock, as it has run up to `now` (UTC)."""
        changes = [change for change in self.clock if change.at < now]
        stretches = [Stretch(_LONG_AGO, now, _LONG_AGO, 1.0)]
        for change in changes:
            stretches[-1] = stretches[-1]._replace(end=change.at)
            stretches.append(change.stretch(stretches[-1], now))
        return DeviceClock(stretches)


class StoreScenario(_Declared):
    """How a store is peopled."""

    source: Source = Source.SYNTHETIC
    visitors_a_day: float = Field(default=DEFAULT_VISITORS, ge=0)

    def crowd(self) -> Crowd:
        """The same for `Truth`."""
        return Crowd(self.source, self.visitors_a_day)


class Scenario(_Declared):
    """Everything about a simulated fleet that its fleet file does not say; what is not named is a good device."""

    seed: int = DEFAULT_SEED
    latency: tuple[float, float] = (0.0, 0.0)
    stores: dict[str, StoreScenario] = Field(default_factory=dict)
    devices: dict[str, DeviceScenario] = Field(default_factory=dict)

    def device(self, sensor_id: str) -> DeviceScenario:
        """The behaviour of one device."""
        return self.devices.get(sensor_id, DeviceScenario())

    def crowds(self) -> Mapping[str, Crowd]:
        """How each named store is peopled."""
        return {store_id: store.crowd() for store_id, store in self.stores.items()}

    def with_device(self, sensor_id: str, changes: Mapping[str, Any]) -> "Scenario":
        """The scenario with some fields of one device replaced.

        Raises:
            ScenarioError: a field or a fault that does not exist.
        """
        before = self.device(sensor_id).model_dump(by_alias=True)
        try:
            device = DeviceScenario.model_validate({**before, **changes})
        except ValidationError as error:
            raise ScenarioError(f"{sensor_id}: {_in_words(error)}") from error
        return self.model_copy(update={"devices": {**self.devices, sensor_id: device}})


def load_scenario(path: Path | None) -> Scenario:
    """The scenario of a YAML file; None gives good devices with invented people.

    Raises:
        ScenarioError: the file cannot be read or says something unknown; whoever wrote it should look.
    """
    if path is None:
        return Scenario()
    try:
        return Scenario.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")) or {})
    except (OSError, yaml.YAMLError) as error:
        raise ScenarioError(f"{path}: {error}") from error
    except ValidationError as error:
        raise ScenarioError(f"{path}: {_in_words(error)}") from error


def _in_words(error: ValidationError) -> str:
    return "; ".join(f"{'.'.join(map(str, part['loc']))}: {part['msg']}" for part in error.errors())
