-- The latest inspection of every stage of the given stores, whenever it was; failing_since: of an unbroken row of errors.
-- Grain and key: store_id, stage. Caller: warehouse/status.py.
SELECT
    stores.store_id,
    stores.organization_id,
    latest.stage,
    latest.status,
    latest.findings,
    latest.detail,
    latest.checked_at,
    latest.run_id,
    CASE WHEN latest.status = 'error' THEN (
        SELECT min(streak.checked_at)
        FROM retail.pipeline_health AS streak
        WHERE
            streak.store_id = stores.store_id
            AND streak.stage = latest.stage
            AND streak.checked_at > coalesce((
                SELECT fine.checked_at
                FROM retail.pipeline_health AS fine
                WHERE fine.store_id = stores.store_id AND fine.stage = latest.stage AND fine.status <> 'error'
                ORDER BY fine.checked_at DESC
                LIMIT 1
            ), '-infinity')
    ) END AS failing_since
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
