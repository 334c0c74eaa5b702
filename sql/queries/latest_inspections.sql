-- The latest inspection of every stage of the given stores, whenever it was.
-- Grain and key: store_id, stage. Caller: warehouse/status.py.
SELECT
    stores.store_id,
    stores.organization_id,
    latest.stage,
    latest.status,
    latest.findings,
    latest.detail,
    latest.checked_at,
    latest.run_id
FROM retail.stores AS stores
CROSS JOIN LATERAL unnest(%(stages)s::text[]) AS wanted (stage)
INNER JOIN LATERAL (
    SELECT
        health.stage,
        health.status,
        health.findings,
        health.detail,
        health.checked_at,
        health.run_id
    FROM retail.pipeline_health AS health
    WHERE health.store_id = stores.store_id AND health.stage = wanted.stage
    ORDER BY health.checked_at DESC
    LIMIT 1
) AS latest ON TRUE
WHERE stores.store_id = any(%(store_ids)s::text[])
ORDER BY stores.store_id, latest.stage;
