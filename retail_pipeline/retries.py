"""Trying again, with stamina, and without a word."""

import stamina


def quiet_retries() -> None:
    """Keep stamina from logging: with structlog, which Dagster brings along, it writes to standard output.

    There it would stand in the midst of JSON, and say errors as they were before they were cleaned of secrets. What was
    tried, how often and why it failed stands in the errors of this package.
    """
    stamina.instrumentation.set_on_retry_hooks(())
