-- What a receiver has still to be told: what is open, and what is over, both of them noticed since %(not_before)s.
-- Grain: incident. Key: incident_id. Caller: warehouse/incidents.py.
SELECT
    incident_id,
    kind,
    subject,
    organization_id,
    store_id,
    cause,
    shared,
    detail,
    since,
    closed_at
FROM retail.incidents
WHERE
    location = %(location)s::text
    AND CASE
        WHEN closed_at IS NULL
            THEN opened_at > %(not_before)s::timestamptz AND NOT %(receiver)s::text = any(told_to)
        ELSE
            closed_at > %(not_before)s::timestamptz
            AND NOT %(receiver)s::text = any(closed_told_to)
            -- A receiver that is new hears of the present, not of what was over before it came.
            AND (%(receiver)s::text = any(told_to) OR closed_at > %(known_since)s::timestamptz)
    END
ORDER BY opened_at, incident_id;
