-- Pages that were sent before are to be sent anew, where they are others since.
-- Grain: page and receiver. Key: store_id, trading_day, receiver. Caller: warehouse/report_deliveries.py.
UPDATE retail.report_deliveries AS standing
SET wanted_at = %(now)s::timestamptz, attempts = 0, next_attempt = NULL, problem = NULL, sent_at = NULL
FROM
    unnest(
        %(owner_id)s::text[],
        %(trading_day)s::date[],
        %(receiver)s::text[],
        %(page_version)s::timestamptz[]
    ) AS wanted (store_id, trading_day, receiver, page_version)
WHERE
    standing.store_id = wanted.store_id
    AND standing.trading_day = wanted.trading_day
    AND standing.receiver = wanted.receiver
    AND standing.sent_at IS NOT NULL
    AND standing.input_version < wanted.page_version
