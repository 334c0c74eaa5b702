-- The ledger of what is missing: a gap is open until it is recovered or closed as lost.
CREATE TABLE retail.collection_gaps (
    sensor_id text NOT NULL REFERENCES retail.sensors (sensor_id),
    report text NOT NULL CHECK (report IN ('lines', 'regions')),
    hour_start timestamptz NOT NULL,
    store_id text NOT NULL REFERENCES retail.stores (store_id),
    organization_id text NOT NULL REFERENCES retail.organizations (organization_id),
    cause text NOT NULL,
    detail text,
    first_seen timestamptz NOT NULL,
    attempts integer NOT NULL CHECK (attempts >= 0),
    next_attempt timestamptz NOT NULL,
    deadline timestamptz NOT NULL,
    recovered_at timestamptz,
    closed_as_lost_at timestamptz,
    PRIMARY KEY (sensor_id, report, hour_start),
    CHECK (recovered_at IS NULL OR closed_as_lost_at IS NULL)
);

CREATE INDEX collection_gaps_open ON retail.collection_gaps (next_attempt)
WHERE recovered_at IS NULL AND closed_as_lost_at IS NULL;
CREATE INDEX collection_gaps_by_store ON retail.collection_gaps (store_id, hour_start);

ALTER TABLE retail.collection_gaps ENABLE ROW LEVEL SECURITY;

COMMENT ON TABLE retail.collection_gaps IS 'One row per device, report and local hour that was expected and not complete when it should have been.';
COMMENT ON COLUMN retail.collection_gaps.sensor_id IS 'The device.';
COMMENT ON COLUMN retail.collection_gaps.report IS 'lines or regions.';
COMMENT ON COLUMN retail.collection_gaps.hour_start IS 'Start of the local clock hour of the store, as an instant.';
COMMENT ON COLUMN retail.collection_gaps.store_id IS 'The store.';
COMMENT ON COLUMN retail.collection_gaps.organization_id IS 'The owner of the store.';
COMMENT ON COLUMN retail.collection_gaps.cause IS 'Why, when last tried: unreachable, refused, not_a_report, malformed, missing, or clock_change.';
COMMENT ON COLUMN retail.collection_gaps.detail IS 'The cause in words, without secrets.';
COMMENT ON COLUMN retail.collection_gaps.first_seen IS 'When the hour was first found missing.';
COMMENT ON COLUMN retail.collection_gaps.attempts IS 'Failed attempts to recover it.';
COMMENT ON COLUMN retail.collection_gaps.next_attempt IS 'Not asked for again before.';
COMMENT ON COLUMN retail.collection_gaps.deadline IS 'When the device will have forgotten the hour.';
COMMENT ON COLUMN retail.collection_gaps.recovered_at IS 'When the figures came after all; NULL: not yet.';
COMMENT ON COLUMN retail.collection_gaps.closed_as_lost_at IS 'When it was given up: the deadline passed, or nothing could ever come; NULL: open or recovered.';
