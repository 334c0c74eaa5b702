"""Who tells that a run's process is dead. Runs themselves are Dagster's business."""

from dagster import DagsterRun, DefaultRunLauncher
from dagster._core.errors import DagsterUserCodeUnreachableError
from dagster._core.launcher.base import CheckRunHealthResult, WorkerStatus
from dagster._grpc.types import CanCancelExecutionRequest, CanCancelExecutionResult
from dagster._serdes import deserialize_value


class LocalRunLauncher(DefaultRunLauncher):
    """Dagster's launcher for one machine, with the question that it leaves out: does this run still have a process?

    Without the answer a run whose code server was killed stays "started" for ever, and keeps its place in the queue.
    """

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Makes the run monitor ask `check_run_worker_health`."""
        return True

    def check_run_worker_health(self, run: DagsterRun) -> CheckRunHealthResult:
        """Ask the code server that started the run. One that is slow to answer says nothing about its runs.

        A run that no code server started (a command in its own process) is left to the monitor's longest run time.
        """
        client = self._get_grpc_client_for_termination(run.run_id)  # type: ignore[no-untyped-call]
        if client is None:
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        try:
            answer = client.can_cancel_execution(CanCancelExecutionRequest(run_id=run.run_id), timeout=10)
        except DagsterUserCodeUnreachableError as error:
            is_dead = "UNAVAILABLE" in str(error)  # gRPC's word for nobody there; DEADLINE_EXCEEDED is the slow one
            message = "the code server that ran it is gone"
            return CheckRunHealthResult(WorkerStatus.FAILED if is_dead else WorkerStatus.RUNNING, message)
        if deserialize_value(answer, CanCancelExecutionResult).can_cancel:
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        return CheckRunHealthResult(WorkerStatus.NOT_FOUND, "its process is gone")
