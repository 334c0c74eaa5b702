"""Runs on dagster-celery workers: which workers may take a run, and whether the one that took it is still there.

Needs the extra `celery`. A run is one task, in one process of a worker; what it does is no business of this module.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from celery import Celery
from celery.result import AsyncResult
from celery.states import READY_STATES
from dagster import DagsterInvariantViolationError, DagsterRun
from dagster._core.launcher import CheckRunHealthResult, LaunchRunContext, ResumeRunContext, WorkerStatus
from dagster._grpc.types import ResumeRunArgs
from dagster._serdes import ConfigurableClassData, pack_value
from dagster_celery.config import TASK_RESUME_JOB_NAME
from dagster_celery.launcher import CeleryRunLauncher
from dagster_celery.make_app import make_app
from dagster_celery.tags import DAGSTER_CELERY_QUEUE_TAG, DAGSTER_CELERY_TASK_ID_TAG
from dagster_celery.tasks import create_execute_job_task, create_resume_job_task

from retail_pipeline.settings import ConfigurationError, read_settings

DEFAULT_LOCATION = "retail_pipeline"
ANSWER_WITHIN_S = 5.0
SILENCES = 3
"""So often in a row a worker does not answer before it is taken for gone: one with too much to do is still there."""

WORKERS: Mapping[str, Any] = {
    "broker_connection_retry_on_startup": True,
    # A run is taken when there is a process for it: what waits beside a busy worker would die with it.
    "worker_prefetch_multiplier": 1,
    "worker_disable_prefetch": True,
    # What a run loads stays in its process; a fresh one reads the fleet file and the clock anew.
    "worker_max_tasks_per_child": 20,
}


def broker_url() -> str:
    """The Redis between the daemon and the workers.

    Raises:
        ConfigurationError: `RETAIL_CELERY_BROKER_URL` is not set.
    """
    url = read_settings().celery_broker_url
    if url is None:
        raise ConfigurationError(
            "RETAIL_CELERY_BROKER_URL: is not set; runs are handed to workers through a Redis, as in "
            "redis://:PASSWORD@redis.example:6379/0."
        )
    return url.get_secret_value()


def queue_of_this_location() -> str:
    """The queue that the workers of this code location listen to: its name."""
    return read_settings().location or DEFAULT_LOCATION


class WorkerRunLauncher(CeleryRunLauncher):
    """dagster-celery's launcher, with a queue for each code location, and an answer to whether a worker was killed.

    dagster-celery's own answer is what Redis remembers: of a killed worker, that it began. Runs would stay "started"
    for ever. Dagster's run monitor resumes a run whose worker is gone (`max_resume_run_attempts`).
    """

    def __init__(self, inst_data: ConfigurableClassData | None = None) -> None:
        url = broker_url()
        super().__init__(
            default_queue=DEFAULT_LOCATION, broker=url, backend=url, config_source=dict(WORKERS), inst_data=inst_data
        )
        self._silences: Counter[str] = Counter()

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        """Nothing: the environment decides, and no secret stands in Dagster's configuration."""
        return {}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> "WorkerRunLauncher":
        """The launcher for this environment."""
        del config_value
        return cls(inst_data=inst_data)

    def launch_run(self, context: LaunchRunContext) -> None:
        """Hand the run to the workers of its code location, which alone have its environment."""
        super().launch_run(context._replace(dagster_run=self._queued(context.dagster_run)))

    def resume_run(self, context: ResumeRunContext) -> None:
        """Hand the run to another worker of its code location; it begins anew, and what it wrote stands.

        dagster-celery 0.29.27 gives its own task an argument that the task does not take.
        """
        run = context.dagster_run
        if run.job_code_origin is None:
            raise DagsterInvariantViolationError(f"Run {run.run_id} does not say which code it is of.")
        given = ResumeRunArgs(run.job_code_origin, run.run_id, self._instance.get_ref(), set_exit_code_on_failure=True)
        task = create_resume_job_task(self.celery).si(resume_job_args_packed=pack_value(given))
        self._launch_celery_task_run(run, task, TASK_RESUME_JOB_NAME)

    def check_run_worker_health(self, run: DagsterRun) -> CheckRunHealthResult:
        """Whether a run that is under way is in a worker's hands, or waits for one after it was resumed.

        A run that ended in the meantime is none of those; the monitor looks again before it believes that.
        """
        task_id = run.tags[DAGSTER_CELERY_TASK_ID_TAG]
        result: AsyncResult = self.celery.AsyncResult(task_id)
        state, told = result.state, result.info
        if state == "STARTED":
            return self._health_at(str(told["hostname"]), task_id)
        if state in READY_STATES:
            return CheckRunHealthResult(WorkerStatus.FAILED, f"its task is over ({state}), and the run is not")
        return CheckRunHealthResult(WorkerStatus.RUNNING, "it waits for a worker")

    def _health_at(self, worker: str, task_id: str) -> CheckRunHealthResult:
        """Whether the worker has the task in its hands, as it says; what it has not said is not believed at once."""
        answers = self.celery.control.inspect(destination=[worker], timeout=ANSWER_WITHIN_S).query_task(task_id) or {}
        if any(task_id in tasks for tasks in answers.values()):
            self._silences.pop(task_id, None)
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        if not answers and self._silences[task_id] < SILENCES - 1:
            self._silences[task_id] += 1
            return CheckRunHealthResult(WorkerStatus.RUNNING, f"{worker} does not answer")
        self._silences.pop(task_id, None)
        said = "does not have it any more" if answers else f"has not answered {SILENCES} times in a row"
        return CheckRunHealthResult(WorkerStatus.NOT_FOUND, f"{worker} {said}")

    def _queued(self, run: DagsterRun) -> DagsterRun:
        if DAGSTER_CELERY_QUEUE_TAG in run.tags or run.remote_job_origin is None:
            return run
        queue = {DAGSTER_CELERY_QUEUE_TAG: run.remote_job_origin.location_name}
        self._instance.add_run_tags(run.run_id, queue)
        return run.with_tags({**run.tags, **queue})


def worker_app() -> Celery:
    """What a worker is made of: the tasks that execute runs, and the same Redis as the launcher's."""
    url = broker_url()
    app: Celery = make_app({"broker": url, "backend": url, "config_source": dict(WORKERS)})  # type: ignore[no-untyped-call]
    create_execute_job_task(app)
    create_resume_job_task(app)
    return app
