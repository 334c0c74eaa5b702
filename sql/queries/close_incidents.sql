-- Close the open incidents of a location that are not among what fails now.
-- Grain: incident. Key: incident_id. Caller: warehouse/incidents.py.
UPDATE retail.incidents AS standing
SET closed_at = greatest(%(now)s::timestamptz, standing.opened_at)
WHERE
    standing.location = %(location)s::text
    AND standing.closed_at IS NULL
    AND NOT EXISTS (
        SELECT
        FROM unnest(%(kind)s::text[], %(subject)s::text[]) AS fault (kind, subject)
        WHERE fault.kind = standing.kind AND fault.subject = standing.subject
    )
