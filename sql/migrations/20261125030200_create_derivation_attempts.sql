-- Written before the work and removed with its result: what stands here failed, was killed, or is under way.
CREATE TABLE retail.derivation_attempts (
    step text NOT NULL CHECK (step IN ('hours', 'day')),
    store_id text NOT NULL REFERENCES retail.stores (store_id),
    trading_day date NOT NULL,
    organization_id text NOT NULL REFERENCES retail.organizations (organization_id),
    attempts integer NOT NULL CHECK (attempts > 0),
    first_begun timestamptz NOT NULL,
    last_begun timestamptz NOT NULL,
    last_error text,
    PRIMARY KEY (step, store_id, trading_day)
);

CREATE INDEX derivation_attempts_by_store ON retail.derivation_attempts (store_id, trading_day);

ALTER TABLE retail.derivation_attempts ENABLE ROW LEVEL SECURITY;

COMMENT ON TABLE retail.derivation_attempts IS 'One row per trading day of a store whose derivation has begun and has not succeeded since.';
COMMENT ON COLUMN retail.derivation_attempts.step IS 'hours: zones and hourly figures; day: the daily summary.';
COMMENT ON COLUMN retail.derivation_attempts.store_id IS 'The store.';
COMMENT ON COLUMN retail.derivation_attempts.trading_day IS 'Local date on which the trading day begins.';
COMMENT ON COLUMN retail.derivation_attempts.organization_id IS 'The owner of the store.';
COMMENT ON COLUMN retail.derivation_attempts.attempts IS 'Attempts in a row without success; from 3 on it is asked for once a day.';
COMMENT ON COLUMN retail.derivation_attempts.first_begun IS 'When the first of them began.';
COMMENT ON COLUMN retail.derivation_attempts.last_begun IS 'When the latest of them began.';
COMMENT ON COLUMN retail.derivation_attempts.last_error IS 'What the latest one said; NULL: it is under way, or its process was killed.';

DO $$
DECLARE
    outsider text;
BEGIN
    FOR outsider IN SELECT rolname FROM pg_roles WHERE rolname IN ('anon', 'authenticated') LOOP
        EXECUTE format('REVOKE ALL ON TABLE retail.derivation_attempts FROM %I', outsider);
    END LOOP;
END
$$;
