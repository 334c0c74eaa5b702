"""Whether DAGSTER_POSTGRES_URL can be one of Postgres. Connects to nothing."""

import os
from collections.abc import Iterator

from retail_pipeline.warehouse.errors import InvalidDatabaseUrl
from retail_pipeline.warehouse.url import check_url


def dagster_url_problems() -> Iterator[str]:
    """What is wrong with DAGSTER_POSTGRES_URL, which may name a driver; nothing of it is repeated."""
    scheme, separator, rest = os.environ.get("DAGSTER_POSTGRES_URL", "").partition("://")
    try:
        if scheme:
            check_url(f"{scheme.partition('+')[0]}{separator}{rest}")
    except InvalidDatabaseUrl as error:
        yield str(error).replace("RETAIL_DATABASE_URL", "DAGSTER_POSTGRES_URL")
