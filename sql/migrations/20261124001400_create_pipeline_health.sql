CREATE TABLE retail.pipeline_health (
    checked_at timestamptz NOT NULL,
    stage text NOT NULL,
    store_id text NOT NULL REFERENCES retail.stores (store_id),
    organization_id text NOT NULL REFERENCES retail.organizations (organization_id),
    status text NOT NULL CHECK (status IN ('ok', 'warn', 'error')),
    findings integer NOT NULL CHECK (findings >= 0),
    detail text,
    run_id text NOT NULL,
    PRIMARY KEY (store_id, stage, checked_at)
);

ALTER TABLE retail.pipeline_health ENABLE ROW LEVEL SECURITY;

COMMENT ON TABLE retail.pipeline_health IS 'What the checks found. One row per store, stage and inspection.';
COMMENT ON COLUMN retail.pipeline_health.checked_at IS 'When the checks ran.';
COMMENT ON COLUMN retail.pipeline_health.stage IS 'The table that was inspected.';
COMMENT ON COLUMN retail.pipeline_health.store_id IS 'The store.';
COMMENT ON COLUMN retail.pipeline_health.organization_id IS 'The owner of the store.';
COMMENT ON COLUMN retail.pipeline_health.status IS 'ok, warn or error: the worst finding.';
COMMENT ON COLUMN retail.pipeline_health.findings IS 'How many findings.';
COMMENT ON COLUMN retail.pipeline_health.detail IS 'The worst finding in words, with what to do; NULL: none.';
COMMENT ON COLUMN retail.pipeline_health.run_id IS 'The run that inspected.';

CREATE TABLE retail.zone_occupancy_snapshots (
    store_id text NOT NULL REFERENCES retail.stores (store_id),
    zone text NOT NULL,
    observed_at timestamptz NOT NULL,
    organization_id text NOT NULL REFERENCES retail.organizations (organization_id),
    occupancy integer NOT NULL CHECK (occupancy >= 0),
    PRIMARY KEY (store_id, zone, observed_at)
);

ALTER TABLE retail.zone_occupancy_snapshots ENABLE ROW LEVEL SECURITY;

COMMENT ON TABLE retail.zone_occupancy_snapshots IS 'People in a zone at an instant, from live counters. One row per store, zone and observation.';
COMMENT ON COLUMN retail.zone_occupancy_snapshots.store_id IS 'The store.';
COMMENT ON COLUMN retail.zone_occupancy_snapshots.zone IS 'The zone of the store.';
COMMENT ON COLUMN retail.zone_occupancy_snapshots.observed_at IS 'When the device was asked.';
COMMENT ON COLUMN retail.zone_occupancy_snapshots.organization_id IS 'The owner of the store.';
COMMENT ON COLUMN retail.zone_occupancy_snapshots.occupancy IS 'People in the zone.';
