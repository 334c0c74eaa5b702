-- Write down what fails now; what was open already keeps its beginning and learns the newest words.
-- Grain: thing that fails. Key: location, kind, subject. Caller: warehouse/incidents.py.
INSERT INTO retail.incidents AS standing (
    location, kind, subject, organization_id, store_id, cause, shared, detail, since, opened_at
)
SELECT
    %(location)s::text AS location,
    fault.kind,
    fault.subject,
    fault.organization_id,
    fault.store_id,
    fault.cause,
    fault.shared,
    fault.detail,
    fault.since,
    %(now)s::timestamptz AS opened_at
FROM
    unnest(
        %(kind)s::text[],
        %(subject)s::text[],
        %(organization_id)s::text[],
        %(store_id)s::text[],
        %(cause)s::text[],
        %(shared)s::text[],
        %(detail)s::text[],
        %(since)s::timestamptz[]
    ) AS fault (kind, subject, organization_id, store_id, cause, shared, detail, since)
ORDER BY fault.kind, fault.subject
ON CONFLICT (location, kind, subject) WHERE closed_at IS NULL DO UPDATE
    SET cause = excluded.cause, shared = excluded.shared, detail = excluded.detail
    WHERE (standing.cause, standing.detail, coalesce(standing.shared, ''))
    IS DISTINCT FROM (excluded.cause, excluded.detail, coalesce(excluded.shared, ''))
