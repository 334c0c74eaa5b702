-- Trading days whose summary is older than its hours, is missing, was made before the day had ended and now it has, or
-- before a gap of it was closed as lost, or has no letter though it is complete.
-- Grain: store, trading day. Key: store_id, trading_day. Caller: warehouse/judge.py.
WITH reported AS (
    SELECT
        hours.store_id,
        hours.trading_day,
        max(hours.input_version) AS newest
    FROM retail.hourly_analytics AS hours
    INNER JOIN retail.stores AS stores ON hours.store_id = stores.store_id AND stores.valid_to IS NULL
    -- A day of nothing but imputed hours has no summary.
    WHERE hours.hour_start >= %(since)s::timestamptz AND (hours.entries IS NOT NULL OR hours.passers_by IS NOT NULL)
    GROUP BY hours.store_id, hours.trading_day
),

-- Gaps are closed when the device forgets the hour, which may be long after the horizon has passed its day.
lately_closed AS (
    SELECT DISTINCT
        days.store_id,
        days.trading_day,
        days.day_start,
        days.day_end,
        days.hours_lost
    FROM retail.collection_gaps AS gaps
    INNER JOIN retail.stores AS stores ON gaps.store_id = stores.store_id AND stores.valid_to IS NULL
    INNER JOIN retail.daily_summaries AS days
        ON gaps.store_id = days.store_id AND gaps.hour_start >= days.day_start AND gaps.hour_start < days.day_end
    WHERE gaps.report = 'lines' AND gaps.closed_as_lost_at >= %(since)s::timestamptz
),

lost AS (
    SELECT
        store_id,
        hour_start
    FROM retail.collection_gaps
    WHERE report = 'lines' AND recovered_at IS NULL
    GROUP BY store_id, hour_start
    HAVING count(*) = count(closed_as_lost_at)
)

SELECT
    reported.store_id,
    reported.trading_day
FROM reported
INNER JOIN retail.stores AS stores ON reported.store_id = stores.store_id
LEFT JOIN retail.daily_summaries AS days
    ON reported.store_id = days.store_id AND reported.trading_day = days.trading_day
WHERE
    days.input_version IS NULL
    OR days.input_version < reported.newest
    OR (days.is_complete AND days.quality IS NULL)
    OR (
        days.day_end <= %(now)s::timestamptz
        AND (stores.live_since IS NULL OR days.trading_day >= stores.live_since)
        AND days.hours_expected < floor(extract(EPOCH FROM days.day_end - days.day_start) / 3600)
    )
UNION
SELECT
    days.store_id,
    days.trading_day
FROM lately_closed AS days
WHERE
    days.hours_lost <> (
        SELECT count(*)
        FROM lost
        WHERE lost.store_id = days.store_id AND lost.hour_start >= days.day_start AND lost.hour_start < days.day_end
    )
ORDER BY store_id, trading_day
