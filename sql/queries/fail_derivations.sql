-- What the latest attempt said.
-- Grain: step, store, trading day. Key: step, store_id, trading_day. Caller: warehouse/attempts.py.
UPDATE retail.derivation_attempts AS standing
SET last_error = %(error)s::text
FROM unnest(%(store_id)s::text[], %(trading_day)s::date[]) AS failed (store_id, trading_day)
WHERE
    standing.step = %(step)s::text
    AND standing.store_id = failed.store_id
    AND standing.trading_day = failed.trading_day
