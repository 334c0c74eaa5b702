-- Take out of quarantine what these replies no longer say, or say for another reason.
-- Grain: rejected row. Key: reply_id, row_number. Caller: warehouse/stored_replies.py.
DELETE FROM retail.rejected_rows AS standing
WHERE
    standing.reply_id = any(%(reply_ids)s::bigint[])
    AND NOT EXISTS (
        SELECT
        FROM
            unnest(%(reply_id)s::bigint[], %(row_number)s::integer[], %(reason)s::text[])
                AS refused (reply_id, row_number, reason)
        WHERE
            refused.reply_id = standing.reply_id
            AND refused.row_number = standing.row_number
            AND refused.reason = standing.reason
    )
