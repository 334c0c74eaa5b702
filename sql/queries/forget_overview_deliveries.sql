-- Forget which overviews wait for receivers that are no longer named: an address was corrected, or a recipient has left.
-- Grain: overview and receiver. Key: organization_id, trading_day, receiver. Caller: warehouse/report_deliveries.py.
DELETE FROM retail.overview_deliveries AS waiting
WHERE
    waiting.sent_at IS NULL
    AND waiting.organization_id = any(%(owner_ids)s::text[])
    AND NOT EXISTS (
        SELECT
        FROM unnest(%(owner_id)s::text[], %(receiver)s::text[]) AS named (organization_id, receiver)
        WHERE named.organization_id = waiting.organization_id AND named.receiver = waiting.receiver
    )
