"""`retail-pipeline worker`: a dagster-celery worker in the foreground, for the runs of one code location."""

import os
import socket

from retail_pipeline.settings import ConfigurationError


def serve_runs(concurrency: int) -> int:
    """Execute runs until told to stop; those under way are finished first.

    Raises:
        ConfigurationError: the extra `celery`, `DAGSTER_HOME` or `RETAIL_CELERY_BROKER_URL` is missing.
    """
    try:
        from retail_pipeline.resources.worker_launcher import queue_of_this_location, worker_app  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise ConfigurationError(f"{error.name} is not installed: pip install 'retail-pipeline[celery]'.") from None
    if not os.environ.get("DAGSTER_HOME"):
        raise ConfigurationError("DAGSTER_HOME: is not set; the folder with dagster.yaml, as for webserver and daemon.")
    queue = queue_of_this_location()
    options = {
        "queues": queue,
        "concurrency": concurrency,
        "hostname": f"{queue}-{os.getpid()}@{socket.gethostname()}",
        "loglevel": "WARNING",
    }
    worker_app().worker_main(["worker", *(f"--{name}={value}" for name, value in options.items())])
    return 0
