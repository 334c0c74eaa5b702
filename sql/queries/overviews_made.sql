-- Which overviews of these organizations stand, for trading days since first_day.
-- Grain and key: organization_id, trading_day. Caller: warehouse/organization_reports.py.
SELECT
    organization_id,
    trading_day,
    input_version
FROM retail.organization_reports
WHERE organization_id = any(%(organization_ids)s::text[]) AND trading_day >= %(first_day)s::date
ORDER BY organization_id, trading_day
