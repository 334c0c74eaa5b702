-- What succeeded is no longer under way.
-- Grain: step, store, trading day. Key: step, store_id, trading_day. Caller: warehouse/attempts.py.
DELETE FROM retail.derivation_attempts AS standing
USING unnest(%(store_id)s::text[], %(trading_day)s::date[]) AS done (store_id, trading_day)
WHERE
    standing.step = %(step)s::text
    AND standing.store_id = done.store_id
    AND standing.trading_day = done.trading_day
