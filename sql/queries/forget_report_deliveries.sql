-- Forget what waits for receivers that are no longer named: an address was corrected, or a recipient has left.
-- Grain: page and receiver. Key: store_id, trading_day, receiver. Caller: warehouse/report_deliveries.py.
DELETE FROM retail.report_deliveries AS waiting
WHERE
    waiting.sent_at IS NULL
    AND waiting.store_id = any(%(owner_ids)s::text[])
    AND NOT EXISTS (
        SELECT
        FROM unnest(%(owner_id)s::text[], %(receiver)s::text[]) AS named (store_id, receiver)
        WHERE named.store_id = waiting.store_id AND named.receiver = waiting.receiver
    )
