"""Figures for decisions: staff, the week as a map, conversion."""

from retail_pipeline.frames.metrics.metric import Metric

_STAFF = ("staffing_hours",)
_MAP = ("heat_maps",)
_SALES = ("conversion_hours", "conversion_days")
_HOURS = "hourly_analytics, complete hours"
_TILLS = "transactions, hourly_analytics"

STAFFING_HOURS = (
    Metric(
        name="expected_entries",
        tables=_STAFF,
        unit="people",
        low=0,
        family="expected",
        formula="median entries of the same local weekday and hour over the last 4 weeks",
        source=_HOURS,
    ),
    Metric(
        name="p25",
        tables=_STAFF,
        unit="people",
        low=0,
        family="expected",
        formula="lower quartile of the same entries",
        source=_HOURS,
    ),
    Metric(
        name="p75",
        tables=_STAFF,
        unit="people",
        low=0,
        family="expected",
        formula="upper quartile of the same entries",
        source=_HOURS,
    ),
    Metric(
        name="recommended_staff",
        tables=_STAFF,
        unit="people",
        low=0,
        family="staff",
        formula="expected_entries / entries_per_staff_hour, rounded up",
        null="the store declares no entries_per_staff_hour",
        source="expected_entries, the fleet file",
    ),
    Metric(
        name="expected_wape",
        tables=_STAFF,
        unit="share",
        low=0,
        family="expected",
        formula="sum of absolute errors / sum of entries of that median over the last 4 weeks, told a week ahead",
        null="nobody came, or too little is known",
        source=_HOURS,
    ),
)

HEAT_MAPS = (
    Metric(
        name="entries",
        tables=_MAP,
        unit="people",
        low=0,
        family="heat",
        formula="mean entries of the local weekday and hour over the last 4 weeks, of the store (zone *) or a zone",
        source=_HOURS,
    ),
    Metric(
        name="share_of_week",
        tables=_MAP,
        unit="share",
        low=0,
        high=1,
        family="heat",
        formula="entries / entries of all weekdays and hours",
        null="nobody came",
        source=_HOURS,
    ),
    Metric(
        name="hours",
        tables=_MAP,
        unit="hours",
        low=1,
        family="heat",
        formula="complete hours that the mean is of",
        source=_HOURS,
    ),
)

CONVERSION = (
    Metric(
        name="conversion_rate",
        tables=_SALES,
        unit="share",
        low=0,
        family="conversion",
        formula="transactions / entries",
        null="nobody came, or one of them is unknown",
        source=_TILLS,
    ),
    Metric(
        name="average_transaction_value",
        tables=_SALES,
        unit="money",
        family="conversion",
        formula="sales / transactions",
        null="nothing was sold",
        source="transactions",
    ),
    Metric(
        name="sales_per_entry",
        tables=_SALES,
        unit="money",
        family="conversion",
        formula="sales / entries",
        null="nobody came, or one of them is unknown",
        source=_TILLS,
    ),
    Metric(
        name="opportunity",
        tables=_SALES,
        unit="money",
        low=0,
        family="conversion",
        formula="max(0, target_conversion_rate - conversion_rate) x entries x average_transaction_value",
        null="the store declares no target_conversion_rate, or one of them is unknown",
        source=_TILLS,
    ),
)
