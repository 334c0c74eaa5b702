-- Keep the rows of a loaded file that cannot be true.
-- Grain: row of the file. Key: source, row_number, seen_at. Caller: warehouse/transactions.py.
INSERT INTO retail.rejected_transactions (source, row_number, row, reason, store_id, organization_id, seen_at)
SELECT
    %(source)s::text AS source,
    refused.row_number,
    refused.row_text,
    refused.reason,
    refused.store_id,
    refused.organization_id,
    %(now)s::timestamptz AS seen_at
FROM
    unnest(
        %(row_number)s::integer[], %(row)s::text[], %(reason)s::text[], %(store_id)s::text[], %(organization_id)s::text[]
    ) AS refused (row_number, row_text, reason, store_id, organization_id)
ON CONFLICT (source, row_number, seen_at) DO NOTHING
