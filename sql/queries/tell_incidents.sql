-- A receiver takes the message about these incidents; those that it was told of already are left out.
-- Grain: incident. Key: incident_id. Caller: warehouse/incidents.py.
UPDATE retail.incidents AS standing
SET
    told_to = CASE
        WHEN %(receiver)s::text = any(standing.told_to) THEN standing.told_to
        ELSE standing.told_to || %(receiver)s::text
    END,
    told_at = coalesce(standing.told_at, %(now)s::timestamptz),
    closed_told_to = CASE
        WHEN %(is_over)s::boolean THEN standing.closed_told_to || %(receiver)s::text
        ELSE standing.closed_told_to
    END,
    closed_told_at = CASE
        WHEN %(is_over)s::boolean THEN coalesce(standing.closed_told_at, %(now)s::timestamptz)
        ELSE standing.closed_told_at
    END
WHERE
    standing.incident_id = any(%(incident_ids)s::bigint[])
    AND NOT %(receiver)s::text
    = any(CASE WHEN %(is_over)s::boolean THEN standing.closed_told_to ELSE standing.told_to END)
RETURNING standing.incident_id
