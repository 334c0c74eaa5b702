-- What is expected of an open local hour of a store.
-- Grain: one row. Key: none. Caller: warehouse/explain.py.
SELECT
    expected_entries,
    p25,
    p75,
    recommended_staff,
    expected_wape,
    run_id
FROM retail.staffing_hours
WHERE store_id = %(store_id)s AND local_date = %(local_date)s::date AND local_hour = %(local_hour)s
