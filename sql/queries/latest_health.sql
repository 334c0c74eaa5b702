-- What the latest inspection said.
-- Grain: store, stage. Key: store_id, stage. Caller: warehouse/status.py.
SELECT
    store_id,
    stage,
    status,
    findings,
    detail,
    checked_at
FROM retail.pipeline_health
WHERE checked_at = (SELECT max(latest.checked_at) FROM retail.pipeline_health AS latest)
ORDER BY stage, store_id;
