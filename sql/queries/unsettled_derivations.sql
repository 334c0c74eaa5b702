-- Trading days whose derivation was begun since an instant and has not succeeded.
-- Grain: step, store, trading day. Key: step, store_id, trading_day. Caller: warehouse/attempts.py.
SELECT
    attempts.step,
    attempts.store_id,
    attempts.trading_day,
    attempts.attempts,
    attempts.last_error
FROM retail.derivation_attempts AS attempts
INNER JOIN retail.stores AS stores ON attempts.store_id = stores.store_id AND stores.valid_to IS NULL
WHERE attempts.last_begun > %(since)s::timestamptz
ORDER BY attempts.store_id, attempts.trading_day, attempts.step
