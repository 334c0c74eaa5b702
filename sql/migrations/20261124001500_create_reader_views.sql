-- For people who read: local time, names, one row per line or zone. security_invoker: a view never shows more than its tables would.
CREATE VIEW retail.line_counts WITH (security_invoker = TRUE) AS
SELECT
    counts.sensor_id,
    counts.store_id,
    counts.organization_id,
    line_figures.line,
    lines.role,
    counts.interval_start,
    counts.interval_end,
    CASE WHEN lines.is_inverted THEN line_figures.reported_out ELSE line_figures.reported_in END AS in_count,
    CASE WHEN lines.is_inverted THEN line_figures.reported_in ELSE line_figures.reported_out END AS out_count,
    counts.is_complete
FROM retail.raw_sensor_counts AS counts
CROSS JOIN
    LATERAL (
        VALUES
        (1, counts.line1_in, counts.line1_out),
        (2, counts.line2_in, counts.line2_out),
        (3, counts.line3_in, counts.line3_out),
        (4, counts.line4_in, counts.line4_out)
    ) AS line_figures (line, reported_in, reported_out)
INNER JOIN retail.lines AS lines
    ON counts.sensor_id = lines.sensor_id AND line_figures.line = lines.line AND lines.valid_to IS NULL;

COMMENT ON VIEW retail.line_counts IS 'Crossings in people, one row per device, declared line and interval; inverted lines are turned round.';

CREATE VIEW retail.zone_counts WITH (security_invoker = TRUE) AS
SELECT
    counts.sensor_id,
    counts.store_id,
    counts.organization_id,
    regions.zone,
    counts.interval_start,
    counts.interval_end,
    region_figures.stays,
    counts.is_complete
FROM retail.regional_counts AS counts
CROSS JOIN
    LATERAL (
        VALUES (1, counts.region1), (2, counts.region2), (3, counts.region3), (4, counts.region4)
    ) AS region_figures (region, stays)
INNER JOIN retail.regions AS regions
    ON counts.sensor_id = regions.sensor_id AND region_figures.region = regions.region AND regions.valid_to IS NULL
WHERE region_figures.stays IS NOT NULL;

COMMENT ON VIEW retail.zone_counts IS 'Stays that devices counted, one row per device, zone and interval: neither occupancy nor unique people.';

CREATE VIEW retail.store_hours WITH (security_invoker = TRUE) AS
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
    hours.is_complete
FROM retail.hourly_analytics AS hours
INNER JOIN retail.stores AS stores ON hours.store_id = stores.store_id;

COMMENT ON VIEW retail.store_hours IS 'hourly_analytics with the name of the store and local time. One row per store and local hour.';

CREATE VIEW retail.store_days WITH (security_invoker = TRUE) AS
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
    days.is_complete
FROM retail.daily_summaries AS days
INNER JOIN retail.stores AS stores ON days.store_id = stores.store_id;

COMMENT ON VIEW retail.store_days IS 'daily_summaries with the name of the store and local time. One row per store and trading day.';
