-- Overviews of these organizations that can be sent, for trading days since first_day; without the overviews themselves.
-- Grain and key: organization_id, trading_day. Caller: warehouse/report_deliveries.py.
SELECT
    organization_id AS owner_id,
    trading_day,
    language,
    subject,
    message,
    input_version
FROM retail.organization_reports
WHERE
    organization_id = any(%(owner_ids)s::text[])
    AND trading_day >= %(first_day)s::date
    AND subject IS NOT NULL
ORDER BY owner_id, trading_day
