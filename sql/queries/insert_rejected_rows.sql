-- Rows that cannot be true, each kept once however often it comes.
-- Grain: row of a reply. Key: reply_id, row_number. Caller: warehouse/rejected.py.
INSERT INTO retail.rejected_rows (
    reply_id, sensor_id, store_id, organization_id, report, row_number, row, reason, seen_at
)
SELECT
    refused.reply_id,
    refused.sensor_id,
    sensors.store_id,
    sensors.organization_id,
    refused.report,
    refused.row_number,
    refused.row_text,
    refused.reason,
    refused.seen_at
FROM
    unnest(
        %(reply_id)s::bigint[],
        %(sensor_id)s::text[],
        %(report)s::text[],
        %(row_number)s::integer[],
        %(row)s::text[],
        %(reason)s::text[],
        %(collected_at)s::timestamptz[]
    ) AS refused (reply_id, sensor_id, report, row_number, row_text, reason, seen_at)
INNER JOIN retail.sensors AS sensors ON refused.sensor_id = sensors.sensor_id
ORDER BY refused.reply_id, refused.row_number
ON CONFLICT DO NOTHING
