-- The whole hour and the whole day: stay, comparison with what is normal, estimates beside what was measured, quality.
ALTER TABLE retail.hourly_analytics
ADD COLUMN traffic_share double precision CHECK (traffic_share BETWEEN 0 AND 1),
ADD COLUMN occupancy_mean_corrected double precision CHECK (occupancy_mean_corrected >= 0),
ADD COLUMN dwell_minutes double precision CHECK (dwell_minutes >= 0),
ADD COLUMN dwell_valid boolean NOT NULL DEFAULT FALSE,
ADD COLUMN index_vs_normal double precision CHECK (index_vs_normal >= 0),
ADD COLUMN entries_imputed double precision CHECK (entries_imputed >= 0),
ADD COLUMN exits_imputed double precision CHECK (exits_imputed >= 0),
ADD COLUMN imputation_method text,
ADD COLUMN imputation_wape double precision CHECK (imputation_wape >= 0),
ADD COLUMN quality text CHECK (quality IN ('A', 'B', 'C', 'D', 'X')),
ADD CONSTRAINT hourly_analytics_complete_is_not_imputed CHECK (NOT is_complete OR entries_imputed IS NULL);

ALTER TABLE retail.daily_summaries
ADD COLUMN power_hours smallint[],
ADD COLUMN imputed_share double precision CHECK (imputed_share BETWEEN 0 AND 1),
ADD COLUMN quality text CHECK (quality IN ('A', 'B', 'C', 'D', 'X')),
ADD COLUMN entries_last_week integer CHECK (entries_last_week >= 0),
ADD COLUMN change_last_week double precision,
ADD COLUMN entries_52_weeks_ago integer CHECK (entries_52_weeks_ago >= 0),
ADD COLUMN change_52_weeks double precision;

COMMENT ON TABLE retail.hourly_analytics IS 'One row per store and local clock hour for which something was reported, or that is imputed. entries and exits are measured only.';
COMMENT ON TABLE retail.daily_summaries IS 'One row per store and trading day with a measured hour. Ratios are recomputed from sums, never averaged.';
COMMENT ON COLUMN retail.hourly_analytics.input_version IS 'Greatest collected_at of the raw rows that it was made from; of an hour without any, which is imputed, its start.';
COMMENT ON COLUMN retail.daily_summaries.power_hours IS 'fewest local hours that carry 40 % of the entries of all complete hours, the earlier on a tie; in order of time. [local hours, power.v1] From hourly_analytics, complete hours. NULL: nobody came in a complete hour.';
COMMENT ON COLUMN retail.daily_summaries.imputed_share IS 'imputed people / (measured + imputed people); an hour measured in part adds what its estimate lies above its count. [share, 0..1, imputation.v1] From entries, entries_imputed. NULL: there are neither.';
COMMENT ON COLUMN retail.daily_summaries.quality IS 'A all hours complete as measured, B some recovered late, C all open hours complete or imputed, D entries only imputed, X an open hour is neither. [letter, A, B, C, D, X, quality.v1] From quality of the hours. NULL: the day has not ended.';
COMMENT ON COLUMN retail.daily_summaries.entries_last_week IS 'entries of the trading day 7 days before. [people, >= 0, comparison.v1] From daily_summaries. NULL: the day has not ended, or one of both days has completeness below 0.9.';
COMMENT ON COLUMN retail.daily_summaries.change_last_week IS '100 x (entries - entries_last_week) / entries_last_week. [%, >= -100, comparison.v1] From daily_summaries. NULL: entries_last_week is NULL or 0.';
COMMENT ON COLUMN retail.daily_summaries.entries_52_weeks_ago IS 'entries of the trading day 364 days before. [people, >= 0, comparison.v1] From daily_summaries. NULL: the day has not ended, or one of both days has completeness below 0.9.';
COMMENT ON COLUMN retail.daily_summaries.change_52_weeks IS '100 x (entries - entries_52_weeks_ago) / entries_52_weeks_ago. [%, >= -100, comparison.v1] From daily_summaries. NULL: entries_52_weeks_ago is NULL or 0.';
COMMENT ON COLUMN retail.hourly_analytics.traffic_share IS 'entries / entries of the trading day so far. [share, 0..1, traffic_share.v1] From entries of the trading day. NULL: entries are unknown, or nobody came all day.';
COMMENT ON COLUMN retail.hourly_analytics.occupancy_mean_corrected IS 'occupancy_mean after the smaller of the day''s entries and exits was scaled up to the larger, so that the day ends empty. [people, >= 0, drift.v1] From raw_sensor_counts, lines with role entrance. NULL: the trading day has not ended, an hour of it is not complete, or one side counted nobody.';
COMMENT ON COLUMN retail.hourly_analytics.dwell_valid IS 'complete hour, entries at least 5, and entries and exits within 25 % of the larger. [yes or no, dwell.v1] From entries, exits.';
COMMENT ON COLUMN retail.hourly_analytics.dwell_minutes IS 'occupancy_mean / entries per minute (Little''s law). [minutes, >= 0, dwell.v1] From occupancy_mean, entries. NULL: dwell_valid is false.';
COMMENT ON COLUMN retail.hourly_analytics.index_vs_normal IS 'entries / median entries of the same local weekday and hour in the 4 weeks before. [ratio, >= 0, index.v1] From hourly_analytics of earlier weeks, complete hours. NULL: the hour is not complete, fewer than 2 of those hours are, or their median is 0.';
COMMENT ON COLUMN retail.hourly_analytics.entries_imputed IS 'median entries of the same local weekday and hour in the 3 weeks before, for an hour that was open, has ended and is not complete. [people, >= 0, imputation.v1] From hourly_analytics of earlier weeks, complete hours. NULL: no imputation is needed, or fewer than 2 of those hours are complete.';
COMMENT ON COLUMN retail.hourly_analytics.exits_imputed IS 'as entries_imputed, for exits. [people, >= 0, imputation.v1] From hourly_analytics of earlier weeks, complete hours. NULL: entries_imputed is NULL.';
COMMENT ON COLUMN retail.hourly_analytics.imputation_method IS 'the method that made the imputed figures. [name, median_3_weeks.v1, imputation.v1] From entries_imputed. NULL: nothing is imputed.';
COMMENT ON COLUMN retail.hourly_analytics.imputation_wape IS 'sum of |entries - what the method would have said| / sum of entries, over complete open hours of this store in the 8 weeks before. [share, >= 0, imputation.v1] From hourly_analytics of earlier weeks, complete hours. NULL: nothing is imputed, or no hour could be tested.';
COMMENT ON COLUMN retail.hourly_analytics.quality IS 'A complete as measured, B complete but recovered late, C measured in part and imputed, D imputed, X unusable. [letter, A, B, C, D, X, quality.v1] From completeness, collection_gaps, entries_imputed. NULL: the hour has not ended.';

CREATE OR REPLACE VIEW retail.store_hours WITH (security_invoker = TRUE) AS
SELECT
    hours.store_id,
    stores.name AS store_name,
    stores.timezone,
    hours.hour_start AT TIME ZONE stores.timezone AS local_hour_start,
    to_char(hours.local_date, 'FMDay') AS weekday,
    to_char(hours.hour_start AT TIME ZONE stores.timezone, 'HH24:MI')
    || '–'
    || to_char(hours.hour_end AT TIME ZONE stores.timezone, 'HH24:MI') AS hour_label,
    hours.organization_id,
    hours.hour_start,
    hours.hour_end,
    hours.local_date,
    hours.local_hour,
    hours.trading_day,
    hours.entries,
    hours.exits,
    hours.net_flow,
    hours.passers_by,
    hours.capture_rate,
    hours.turn_in_ratio,
    hours.occupancy_end,
    hours.occupancy_max,
    hours.occupancy_mean,
    hours.is_business_hour,
    hours.business_share,
    hours.completeness,
    hours.is_complete,
    -- Only an hour that is not measured whole is imputed; what was counted of it is the least that it can have been.
    greatest(hours.entries, hours.entries_imputed) AS entries_best,
    hours.traffic_share,
    hours.occupancy_mean_corrected,
    hours.dwell_minutes,
    hours.dwell_valid,
    hours.index_vs_normal,
    hours.entries_imputed,
    hours.exits_imputed,
    hours.imputation_method,
    hours.imputation_wape,
    hours.quality
FROM retail.hourly_analytics AS hours
INNER JOIN retail.stores AS stores ON hours.store_id = stores.store_id;

COMMENT ON VIEW retail.store_hours IS 'hourly_analytics with the name of the store and local time. One row per store and local hour; entries_best is measured, else imputed.';
COMMENT ON COLUMN retail.store_hours.entries_best IS 'entries, or entries_imputed where the hour is not measured whole and that is more; quality says which, people.';

CREATE OR REPLACE VIEW retail.store_days WITH (security_invoker = TRUE) AS
SELECT
    days.store_id,
    stores.name AS store_name,
    stores.timezone,
    days.day_start AT TIME ZONE stores.timezone AS local_day_start,
    to_char(days.trading_day, 'FMDay') AS weekday,
    to_char(days.peak_hour, 'FM00') || ':00' AS peak_hour_label,
    days.occupancy_max_at AT TIME ZONE stores.timezone AS local_occupancy_max_at,
    days.organization_id,
    days.trading_day,
    days.day_start,
    days.day_end,
    days.entries,
    days.exits,
    days.net_flow,
    days.passers_by,
    days.capture_rate,
    days.turn_in_ratio,
    days.business_entries,
    days.non_business_entries,
    days.average_hourly_entries,
    days.peak_hour,
    days.peak_hour_entries,
    days.peak_hour_is_tied,
    days.occupancy_max,
    days.drift,
    days.drift_share,
    days.open_hours,
    days.hours_expected,
    days.hours_reported,
    days.completeness,
    days.is_complete,
    days.power_hours,
    days.occupancy_max_at,
    days.imputed_share,
    days.quality,
    days.entries_last_week,
    days.change_last_week,
    days.entries_52_weeks_ago,
    days.change_52_weeks
FROM retail.daily_summaries AS days
INNER JOIN retail.stores AS stores ON days.store_id = stores.store_id;
