-- Pages that their recipients have not taken, wanted since not_before: of these stores, and overviews of these
-- organizations.
-- Grain and key: recipient. Caller: warehouse/report_deliveries.py.
SELECT
    waiting.recipient,
    count(*)::integer AS pages,
    min(waiting.wanted_at) AS since,
    max(waiting.attempts) AS attempts,
    min(waiting.next_attempt) AS next_attempt,
    (array_agg(waiting.problem ORDER BY waiting.attempts DESC) FILTER (WHERE waiting.problem IS NOT NULL))[1] AS problem
FROM (
    SELECT
        recipient,
        wanted_at,
        attempts,
        next_attempt,
        problem
    FROM retail.report_deliveries
    WHERE sent_at IS NULL AND store_id = any(%(store_ids)s::text[])
    UNION ALL
    SELECT
        recipient,
        wanted_at,
        attempts,
        next_attempt,
        problem
    FROM retail.overview_deliveries
    WHERE sent_at IS NULL AND organization_id = any(%(organization_ids)s::text[])
) AS waiting
WHERE waiting.wanted_at > %(not_before)s::timestamptz
GROUP BY waiting.recipient
ORDER BY waiting.recipient
