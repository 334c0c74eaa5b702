-- Pages of these stores that can be sent, for trading days since first_day; without the pages themselves.
-- Grain and key: store_id, trading_day. Caller: warehouse/report_deliveries.py.
SELECT
    store_id AS owner_id,
    trading_day,
    language,
    subject,
    message,
    input_version
FROM retail.store_reports
WHERE
    store_id = any(%(owner_ids)s::text[])
    AND trading_day >= %(first_day)s::date
    AND subject IS NOT NULL
ORDER BY owner_id, trading_day
