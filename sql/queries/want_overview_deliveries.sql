-- Write down that overviews are to be sent; what is written down already stays as it is.
-- Grain: overview and receiver. Key: organization_id, trading_day, receiver. Caller: warehouse/report_deliveries.py.
INSERT INTO retail.overview_deliveries (organization_id, trading_day, recipient, receiver, wanted_at)
SELECT
    wanted.organization_id,
    wanted.trading_day,
    wanted.recipient,
    wanted.receiver,
    %(now)s::timestamptz AS wanted_at
FROM
    unnest(
        %(organization_id)s::text[],
        %(trading_day)s::date[],
        %(recipient)s::text[],
        %(receiver)s::text[]
    ) AS wanted (organization_id, trading_day, recipient, receiver)
ORDER BY wanted.organization_id, wanted.trading_day, wanted.receiver
ON CONFLICT (organization_id, trading_day, receiver) DO NOTHING
