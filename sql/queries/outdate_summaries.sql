-- Summaries and reports of ended trading days of which an hour was changed without newer counts of its own: an estimate
-- follows the weeks before. A day that is still going on is summed up every hour anyway.
-- Grain: store, trading day. Key: store_id, trading_day. Caller: warehouse/judge.py.
WITH touched AS (
    SELECT *
    FROM unnest(%(store_id)s::text[], %(trading_day)s::date[]) AS touched (store_id, trading_day)
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
WHERE
    days.store_id = touched.store_id
    AND days.trading_day = touched.trading_day
    AND days.day_end <= %(now)s::timestamptz
