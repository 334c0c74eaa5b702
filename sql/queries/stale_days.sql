-- Trading days whose summary is older than its hours, is missing, or was made before the day had ended and now it has.
-- Grain: store, trading day. Key: store_id, trading_day. Caller: warehouse/judge.py.
WITH reported AS (
    SELECT
        hours.store_id,
        hours.trading_day,
        max(hours.input_version) AS newest
    FROM retail.hourly_analytics AS hours
    INNER JOIN retail.stores AS stores ON hours.store_id = stores.store_id AND stores.valid_to IS NULL
    WHERE hours.hour_start >= %(since)s::timestamptz
    GROUP BY hours.store_id, hours.trading_day
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
    OR (
        days.day_end <= %(now)s::timestamptz
        AND (stores.live_since IS NULL OR days.trading_day >= stores.live_since)
        AND days.hours_expected < floor(extract(EPOCH FROM days.day_end - days.day_start) / 3600)
    )
ORDER BY reported.store_id, reported.trading_day
