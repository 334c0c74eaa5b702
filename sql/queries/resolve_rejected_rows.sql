-- What a new reading of replies says of the rows that were refused in them: no longer, otherwise, or as before.
-- Grain: rejected row. Key: reply_id, row_number. Caller: warehouse/rejected.py.
WITH refused AS (
    SELECT *
    FROM unnest(%(sensor_id)s::text[], %(row)s::text[], %(reason)s::text[]) AS refused (sensor_id, row_text, reason)
),

judged AS (
    SELECT
        standing.reply_id,
        standing.row_number,
        coalesce(bool_or(refused.reason = standing.reason), FALSE) AS is_refused,
        count(refused.reason) > 0 AS is_refused_at_all
    FROM retail.rejected_rows AS standing
    LEFT JOIN refused ON standing.sensor_id = refused.sensor_id AND standing.row = refused.row_text
    WHERE standing.report = %(report)s AND standing.reply_id = any(%(reply_ids)s::bigint[])
    GROUP BY standing.reply_id, standing.row_number
)

UPDATE retail.rejected_rows AS standing
SET
    resolved_at = CASE WHEN NOT judged.is_refused THEN %(now)s::timestamptz END,
    resolution = CASE
        WHEN judged.is_refused THEN NULL
        WHEN judged.is_refused_at_all THEN 'refused_otherwise'
        ELSE 'accepted'
    END
FROM judged
WHERE
    standing.reply_id = judged.reply_id
    AND standing.row_number = judged.row_number
    AND (standing.resolved_at IS NULL) <> judged.is_refused
