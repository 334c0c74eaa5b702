-- Open incidents of the given stores, and those of the whole pipeline.
-- Grain: incident. Key: incident_id. Caller: warehouse/status.py.
SELECT
    incident_id,
    kind,
    subject,
    organization_id,
    store_id,
    cause,
    detail,
    since,
    opened_at,
    told_at,
    nullif(location, '') AS location
FROM retail.incidents
WHERE closed_at IS NULL AND (store_id IS NULL OR store_id = any(%(store_ids)s::text[]))
ORDER BY since, incident_id;
