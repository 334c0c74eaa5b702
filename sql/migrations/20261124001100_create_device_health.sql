CREATE TABLE retail.device_health (
    sensor_id text PRIMARY KEY REFERENCES retail.sensors (sensor_id),
    store_id text NOT NULL REFERENCES retail.stores (store_id),
    organization_id text NOT NULL REFERENCES retail.organizations (organization_id),
    circuit text NOT NULL CHECK (circuit IN ('closed', 'open')),
    consecutive_failures integer NOT NULL CHECK (consecutive_failures >= 0),
    opened_at timestamptz,
    next_probe_at timestamptz,
    last_ok_at timestamptz,
    last_error text,
    last_error_at timestamptz,
    clock_skew_seconds double precision,
    CHECK ((circuit = 'open') = (opened_at IS NOT NULL)),
    CHECK ((circuit = 'open') = (next_probe_at IS NOT NULL))
);

CREATE INDEX device_health_by_store ON retail.device_health (store_id);

ALTER TABLE retail.device_health ENABLE ROW LEVEL SECURITY;

COMMENT ON TABLE retail.device_health IS 'One row per device that was ever asked: does it answer?';
COMMENT ON COLUMN retail.device_health.sensor_id IS 'The device.';
COMMENT ON COLUMN retail.device_health.store_id IS 'The store.';
COMMENT ON COLUMN retail.device_health.organization_id IS 'The owner of the store.';
COMMENT ON COLUMN retail.device_health.circuit IS 'open after three failed polls in a row: only short probes then; closed again by the first good reply.';
COMMENT ON COLUMN retail.device_health.consecutive_failures IS 'Polls in a row in which no request was answered with a report.';
COMMENT ON COLUMN retail.device_health.opened_at IS 'When the circuit opened; NULL: it is closed.';
COMMENT ON COLUMN retail.device_health.next_probe_at IS 'Not probed before; NULL: the circuit is closed.';
COMMENT ON COLUMN retail.device_health.last_ok_at IS 'When a report last came; NULL: never.';
COMMENT ON COLUMN retail.device_health.last_error IS 'The last failure in words, without secrets; NULL: never failed.';
COMMENT ON COLUMN retail.device_health.last_error_at IS 'When it last failed; NULL: never.';
COMMENT ON COLUMN retail.device_health.clock_skew_seconds IS 'Seconds that its clock was last known to be ahead of UTC; NULL: unknown.';
