-- Write down that pages are to be sent; what is written down already stays as it is.
-- Grain: page and receiver. Key: store_id, trading_day, receiver. Caller: warehouse/report_deliveries.py.
INSERT INTO retail.report_deliveries (
    store_id, organization_id, trading_day, recipient, receiver, wanted_at
)
SELECT
    wanted.store_id,
    wanted.organization_id,
    wanted.trading_day,
    wanted.recipient,
    wanted.receiver,
    %(now)s::timestamptz AS wanted_at
FROM
    unnest(
        %(owner_id)s::text[],
        %(organization_id)s::text[],
        %(trading_day)s::date[],
        %(recipient)s::text[],
        %(receiver)s::text[]
    ) AS wanted (store_id, organization_id, trading_day, recipient, receiver)
ORDER BY wanted.store_id, wanted.trading_day, wanted.receiver
ON CONFLICT (store_id, trading_day, receiver) DO NOTHING
