"""An organization for overviews, written inline."""

import datetime as dt
from functools import cache
from typing import Any

from retail_pipeline.reports.organization import OrganizationReport, StoreWeek
from retail_pipeline.reports.overview import overview_page
from retail_pipeline_tests.reports.days import DAY, START


def organization(**told: Any) -> OrganizationReport:
    """Two stores that are compared, two of one name, and two that are not."""
    day = {"day_entries": 1_234, "day_capture_rate": 0.081, "day_completeness": 1.0, "day_quality": "A"}
    stores = (
        StoreWeek("a", "Shop & <Son>", 1, 7, 1_500, 1_000, 0.5, **day),
        StoreWeek("b", "Window & <show>", 2, 6, 900, 1_000, -0.1, **day),
        StoreWeek("c", "Window & <show>", 3, 6, 800, 1_000, -0.2, **day),
        StoreWeek("d", "Checkout", reason="not_measured_before", **day),
        StoreWeek("e", "Acme", reason="not_measured"),
    )
    known = {
        "organization_id": "acme",
        "organization_name": "Acme",
        "language": "en",
        "trading_day": DAY,
        "made_at": START + dt.timedelta(days=1, hours=8),
        "input_version": START + dt.timedelta(days=1),
        "stores": stores,
    }
    return OrganizationReport(**(known | told))


@cache
def organization_page(language: str = "en") -> str:
    """Its overview, drawn once for all tests of a process."""
    return overview_page(organization(language=language))
