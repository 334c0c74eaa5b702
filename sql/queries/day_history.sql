-- What a day may be compared with: the days named, of any store.
-- Grain: store, trading day. Key: store_id, trading_day. Caller: warehouse/reads.py.
SELECT
    store_id,
    trading_day,
    entries,
    completeness
FROM retail.daily_summaries
WHERE store_id = any(%(store_ids)s::text[]) AND trading_day = any(%(days)s::date[])
ORDER BY store_id, trading_day
