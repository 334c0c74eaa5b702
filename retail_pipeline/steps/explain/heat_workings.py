"""How the heat of a device comes about: as the device told it, and nothing else."""

from collections.abc import Callable, Mapping

from retail_pipeline.steps.explain.working import Row, Working, equals


def _told(row: Row) -> Working:
    return equals(f"told by {row['sensor_id']} in reply {row['reply_id']}", row["value"])


DEVICE_HEAT_WORKINGS: Mapping[str, Callable[[Row], Working]] = {"value": _told}
