-- Pages that their recipients have not taken, wanted since not_before, of these stores.
-- Grain and key: recipient. Caller: warehouse/report_deliveries.py.
SELECT
    recipient,
    count(*)::integer AS pages,
    min(wanted_at) AS since,
    max(attempts) AS attempts,
    min(next_attempt) AS next_attempt,
    (array_agg(problem ORDER BY attempts DESC) FILTER (WHERE problem IS NOT NULL))[1] AS problem
FROM retail.report_deliveries
WHERE
    sent_at IS NULL
    AND wanted_at > %(not_before)s::timestamptz
    AND store_id = any(%(store_ids)s::text[])
GROUP BY recipient
ORDER BY recipient
