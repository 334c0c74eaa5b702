-- Sales of a store against its entries, of one trading day; no row where either is unknown.
-- Grain: one row. Key: none. Caller: warehouse/explain.py.
SELECT
    entries::bigint AS entries,
    transactions::bigint AS transactions,
    sales::double precision AS sales,
    target_conversion_rate,
    conversion_rate,
    average_transaction_value,
    sales_per_entry,
    opportunity
FROM retail.conversion_days
WHERE store_id = %(store_id)s AND trading_day = %(trading_day)s::date
