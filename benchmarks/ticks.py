"""A tick of Dagster's asset daemon by its own code: conditions evaluated, work asked for, its cursor written."""

import threading

import dagster as dg
from dagster._core.execution.backfill import BulkActionStatus
from dagster._core.scheduler.instigation import SensorInstigatorData
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._daemon.asset_daemon import AssetDaemon
from dagster._daemon.daemon import SpanMarker

QUEUED = dg.RunsFilter(statuses=[dg.DagsterRunStatus.QUEUED])


class Ticks:
    """Ticks one after the other, each from where the last one ended."""

    def __init__(self, workspace: WorkspaceProcessContext) -> None:
        self.workspace, self.instance = workspace, workspace.instance
        # Without threads a turn of the daemon is over when its tick is.
        self.daemon = AssetDaemon(settings={}, pre_sensor_interval_seconds=30)

    def tick(self) -> None:
        """One turn of the daemon."""
        for mark in self.daemon.core_loop(self.workspace, threading.Event()):
            if mark == SpanMarker.END_SPAN:
                return

    def make_ready(self) -> None:
        """As before the next tick in a running pipeline: what was asked for is over, and ten seconds have passed."""
        for run in self.instance.get_runs(QUEUED):
            self.instance.delete_run(run.run_id)
        for backfill in self.instance.get_backfills():
            over = backfill.with_status(BulkActionStatus.COMPLETED_SUCCESS)  # type: ignore[no-untyped-call]
            self.instance.update_backfill(over)
        for state in self.instance.all_instigator_state():
            if isinstance(data := state.instigator_data, SensorInstigatorData):
                data = data._replace(last_tick_timestamp=None, last_tick_start_timestamp=None)
                self.instance.update_instigator_state(state.with_data(data))

    def asked(self) -> int:
        """Runs that wait, and rectangles of partitions that the daemon of backfills is to make runs of."""
        return self.instance.get_runs_count(QUEUED) + self.instance.get_backfills_count()
