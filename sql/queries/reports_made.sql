-- Which reports of these stores stand, for trading days since first_day.
-- Grain and key: store_id, trading_day. Caller: warehouse/store_reports.py.
SELECT
    store_id,
    trading_day,
    input_version
FROM retail.store_reports
WHERE store_id = any(%(store_ids)s::text[]) AND trading_day >= %(first_day)s::date
ORDER BY store_id, trading_day
