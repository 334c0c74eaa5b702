"""Figures of a store's local clock hour, and those that a day shares with its hours."""

from retail_pipeline.frames.metrics.metric import Metric

HOURS_TABLE = "hourly_analytics"
BOTH = (HOURS_TABLE, "daily_summaries")
_HOUR = (HOURS_TABLE,)
_ENTRANCES = "raw_sensor_counts, lines with role entrance"
_MEASURED = "entries, exits"
_HISTORY = "hourly_analytics of earlier weeks, complete hours"

SHARED = (
    Metric(
        name="entries",
        tables=BOTH,
        unit="people",
        low=0,
        formula="IN over entrance lines, as measured; an inverted line counts its OUT",
        null="no device with an entrance line reported",
        source=_ENTRANCES,
    ),
    Metric(
        name="exits",
        tables=BOTH,
        unit="people",
        low=0,
        formula="OUT over entrance lines, as measured; an inverted line counts its IN",
        null="no device with an entrance line reported",
        source=_ENTRANCES,
    ),
    Metric(
        name="net_flow",
        tables=BOTH,
        unit="people",
        formula="entries - exits",
        null="entries are unknown",
        source=_MEASURED,
    ),
    Metric(
        name="passers_by",
        tables=BOTH,
        unit="people",
        low=0,
        formula="IN + OUT over passers_by lines, a sample of the street",
        null="no device with such a line reported",
        source="raw_sensor_counts, lines with role passers_by",
    ),
    Metric(
        name="capture_rate",
        tables=BOTH,
        unit="share",
        low=0,
        high=1,
        family="capture",
        formula="entries / (entries + passers_by); over a day from the sums of the hours that measured both",
        null="nobody came or passed, or one of them was not measured",
        source="entries, passers_by",
    ),
    Metric(
        name="turn_in_ratio",
        tables=BOTH,
        unit="ratio",
        low=0,
        family="turn_in",
        formula="entries / passers_by; over a day from the sums of the hours that measured both",
        null="nobody passed, or one of them was not measured",
        source="entries, passers_by",
    ),
)

HOURS = (
    Metric(
        name="occupancy_end",
        tables=_HOUR,
        unit="people",
        low=0,
        family="occupancy",
        formula="running entries - exits since the trading day began, at the end of the hour, uncorrected, never"
        " below 0",
        null="entries are unknown",
        source=_ENTRANCES,
    ),
    Metric(
        name="occupancy_max",
        tables=_HOUR,
        unit="people",
        low=0,
        family="occupancy",
        formula="greatest occupancy at the end of an interval of the hour",
        null="entries are unknown",
        source=_ENTRANCES,
    ),
    Metric(
        name="occupancy_mean",
        tables=_HOUR,
        unit="people",
        low=0,
        family="occupancy",
        formula="occupancy at the end of each reported interval, weighted by the length of the interval",
        null="entries are unknown",
        source=_ENTRANCES,
    ),
    Metric(
        name="business_share",
        tables=_HOUR,
        unit="share",
        low=0,
        high=1,
        formula="minutes of the hour inside opening hours / minutes of the hour",
        source="opening hours of the fleet file, with exceptions and public holidays",
    ),
    Metric(
        name="is_business_hour",
        tables=_HOUR,
        unit="yes or no",
        formula="business_share above 0",
        source="business_share",
    ),
    Metric(
        name="completeness",
        tables=_HOUR,
        unit="share",
        low=0,
        high=1,
        formula="minutes in complete intervals / minutes of the hour, both added up over active devices with an"
        " entrance line",
        source="raw_sensor_counts",
    ),
    Metric(
        name="traffic_share",
        tables=_HOUR,
        unit="share",
        low=0,
        high=1,
        formula="entries / entries of the trading day so far",
        null="entries are unknown, or nobody came all day",
        source="entries of the trading day",
    ),
    Metric(
        name="occupancy_mean_corrected",
        tables=_HOUR,
        unit="people",
        low=0,
        family="drift",
        formula="occupancy weighted as in occupancy_mean, after the smaller of the day's entries and exits was scaled"
        " up to the larger, so that the day ends empty: at the end of each interval max(0, entries so far x exits of"
        " the day - exits so far x entries of the day) / the smaller",
        null="the trading day has not ended, an hour of it is not complete, or one side counted nobody",
        source=_ENTRANCES,
    ),
    Metric(
        name="dwell_valid",
        tables=_HOUR,
        unit="yes or no",
        family="dwell",
        formula="complete hour, entries at least 5, and entries and exits within 25 % of the larger",
        source=_MEASURED,
    ),
    Metric(
        name="dwell_minutes",
        tables=_HOUR,
        unit="minutes",
        low=0,
        family="dwell",
        formula="occupancy_mean / entries per minute (Little's law)",
        null="dwell_valid is false",
        source="occupancy_mean, entries",
    ),
    Metric(
        name="index_vs_normal",
        tables=_HOUR,
        unit="ratio",
        low=0,
        family="index",
        formula="entries / median entries of the same local weekday and hour in the 4 weeks before",
        null="the hour is not complete or cut short by a clock change, fewer than 2 of those hours are whole, or their"
        " median is 0",
        source=_HISTORY,
    ),
    Metric(
        name="entries_imputed",
        tables=_HOUR,
        unit="people",
        low=0,
        family="imputation",
        formula="median entries of the same local weekday and hour in the 3 weeks before, for an hour that was open,"
        " ended at least 40 minutes ago and is not complete",
        null="no imputation is needed, a clock change cuts the hour short, or fewer than 2 of those hours are complete",
        source=_HISTORY,
    ),
    Metric(
        name="exits_imputed",
        tables=_HOUR,
        unit="people",
        low=0,
        family="imputation",
        formula="as entries_imputed, for exits",
        null="entries_imputed is NULL",
        source=_HISTORY,
    ),
    Metric(
        name="imputation_method",
        tables=_HOUR,
        unit="name",
        values=("median_3_weeks.v1",),
        family="imputation",
        formula="the method that made the imputed figures",
        null="nothing is imputed",
        source="entries_imputed",
    ),
    Metric(
        name="imputation_wape",
        tables=_HOUR,
        unit="share",
        low=0,
        family="imputation",
        formula="sum of |entries - what the method would have said| / sum of entries, over complete open hours of this"
        " store in the 8 weeks before",
        null="nothing is imputed, or no hour could be tested",
        source=_HISTORY,
    ),
    Metric(
        name="quality",
        tables=_HOUR,
        unit="letter",
        values=("A", "B", "C", "D", "X"),
        formula="A complete as measured, B complete but recovered late, C measured in part and imputed, D imputed,"
        " X unusable",
        null="the hour is not complete and did not end 40 minutes ago, so that a poll may still bring it",
        source="completeness, collection_gaps, entries_imputed",
    ),
)
