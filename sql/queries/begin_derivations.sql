-- One more attempt for each trading day, written down before it is made: a process that is killed cannot do so after.
-- Grain: step, store, trading day. Key: step, store_id, trading_day. Caller: warehouse/attempts.py.
INSERT INTO retail.derivation_attempts AS standing (
    step, store_id, trading_day, organization_id, attempts, first_begun, last_begun
)
SELECT
    %(step)s::text AS step,
    begun.store_id,
    begun.trading_day,
    stores.organization_id,
    1 AS attempts,
    %(now)s::timestamptz AS first_begun,
    %(now)s::timestamptz AS last_begun
FROM unnest(%(store_id)s::text[], %(trading_day)s::date[]) AS begun (store_id, trading_day)
INNER JOIN retail.stores AS stores ON begun.store_id = stores.store_id
ORDER BY begun.store_id, begun.trading_day
ON CONFLICT (step, store_id, trading_day) DO UPDATE SET
    attempts = standing.attempts + 1,
    last_begun = excluded.last_begun,
    last_error = NULL
