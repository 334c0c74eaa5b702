-- Derived rows of trading days whose counts a replay changed: their inputs are not newer, so it is said here that they
-- must be derived again, in the transaction that changes the counts.
-- Grain: store, trading day. Key: store_id, trading_day. Caller: warehouse/judge.py.
WITH touched AS (
    SELECT *
    FROM
        unnest(%(store_id)s::text[], %(trading_day)s::date[], %(start)s::timestamptz[], %(end)s::timestamptz[])
            AS touched (store_id, trading_day, day_start, day_end)
),

hours AS (
    UPDATE retail.hourly_analytics AS hours
    SET input_version = to_timestamp(0)
    FROM touched
    WHERE hours.store_id = touched.store_id AND hours.trading_day = touched.trading_day
),

zones AS (
    UPDATE retail.virtual_region_occupancy AS zones
    SET input_version = to_timestamp(0)
    FROM touched
    WHERE
        zones.store_id = touched.store_id
        AND zones.interval_start >= touched.day_start
        AND zones.interval_start < touched.day_end
),

by_zone AS (
    UPDATE retail.zone_hours AS zone_hours
    SET input_version = to_timestamp(0)
    FROM touched
    WHERE zone_hours.store_id = touched.store_id AND zone_hours.trading_day = touched.trading_day
),

reports AS (
    UPDATE retail.store_reports AS reports
    SET input_version = to_timestamp(0)
    FROM touched
    WHERE reports.store_id = touched.store_id AND reports.trading_day = touched.trading_day
)

UPDATE retail.daily_summaries AS days
SET input_version = to_timestamp(0)
FROM touched
WHERE days.store_id = touched.store_id AND days.trading_day = touched.trading_day
