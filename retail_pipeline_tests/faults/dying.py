"""A run that is killed over its work: `python -m (this module) INSTANCE NOW JOB FUNCTION FIRST LAST`.

The run belongs to the instance (its serialised reference) and dies on entering the warehouse's FUNCTION.
"""

import sys

import dagster as dg
import pytest
import time_machine
from dagster._core.instance import InstanceRef
from dagster._serdes import deserialize_value

from retail_pipeline.assets.partitions import RANGE_END, RANGE_START
from retail_pipeline.definitions import build_defs
from retail_pipeline_tests.faults.work import kill_this_process
from retail_pipeline_tests.living import QUIET


def main() -> None:
    reference, now, job, function, first, last = sys.argv[1:]
    with (
        pytest.MonkeyPatch.context() as patched,
        time_machine.travel(now, tick=True),
        dg.DagsterInstance.from_ref(deserialize_value(reference, InstanceRef)) as instance,
    ):
        patched.setattr(f"retail_pipeline.warehouse.{function}", lambda *_, **__: kill_this_process())
        build_defs().resolve_job_def(job).execute_in_process(
            instance=instance, tags={RANGE_START: first, RANGE_END: last}, run_config=QUIET
        )


if __name__ == "__main__":
    main()
