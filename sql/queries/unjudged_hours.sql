-- Hours since an instant that ended before `settled_before` and were not derived since: without a letter, or missing,
-- without a row, and known from two of the three weeks before, so that they can be imputed.
-- Grain: store, local clock hour. Key: store_id, hour_start. Caller: warehouse/judge.py.
WITH missing AS (
    SELECT DISTINCT
        gaps.store_id,
        gaps.hour_start,
        gaps.hour_start AT TIME ZONE stores.timezone AS clock
    FROM retail.collection_gaps AS gaps
    INNER JOIN retail.stores AS stores ON gaps.store_id = stores.store_id AND stores.valid_to IS NULL
    LEFT JOIN retail.hourly_analytics AS hours
        ON gaps.store_id = hours.store_id AND gaps.hour_start = hours.hour_start
    WHERE
        gaps.report = 'lines'
        AND gaps.recovered_at IS NULL
        AND gaps.hour_start >= %(since)s::timestamptz
        AND gaps.hour_start <= %(settled_before)s::timestamptz - interval '1 hour'
        AND hours.hour_start IS NULL
)

SELECT
    missing.store_id,
    missing.hour_start
FROM missing
-- An hour that a clock change cuts short begins within a clock hour; it is compared with none.
INNER JOIN retail.hourly_analytics AS past
    ON
        missing.store_id = past.store_id
        AND past.hour_start BETWEEN missing.hour_start - interval '22 days' AND missing.hour_start - interval '6 days'
        AND past.local_hour = extract(HOUR FROM missing.clock)
        AND missing.clock = date_trunc('hour', missing.clock)
        AND missing.clock::date - past.local_date IN (7, 14, 21)
        AND past.hour_end - past.hour_start = interval '1 hour'
        AND past.is_complete
        AND past.is_business_hour
GROUP BY missing.store_id, missing.hour_start
HAVING count(DISTINCT past.local_date) >= 2
UNION
SELECT
    hours.store_id,
    hours.hour_start
FROM retail.hourly_analytics AS hours
INNER JOIN retail.stores AS stores ON hours.store_id = stores.store_id AND stores.valid_to IS NULL
WHERE
    hours.quality IS NULL
    AND hours.hour_start >= %(since)s::timestamptz
    AND hours.hour_end <= %(settled_before)s::timestamptz
ORDER BY store_id, hour_start
