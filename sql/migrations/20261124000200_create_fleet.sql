-- Who and where, synced from the fleet file. What leaves the file gets a valid_to and is never deleted: facts point at it.
CREATE TABLE retail.organizations (
    organization_id text PRIMARY KEY,
    name text NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_to timestamptz,
    CHECK (valid_to >= valid_from)
);

ALTER TABLE retail.organizations ENABLE ROW LEVEL SECURITY;

COMMENT ON TABLE retail.organizations IS 'Owners of stores. One row per organization that was ever declared.';
COMMENT ON COLUMN retail.organizations.organization_id IS 'Id in the fleet file; every fact row carries it.';
COMMENT ON COLUMN retail.organizations.name IS 'Name for people.';
COMMENT ON COLUMN retail.organizations.valid_from IS 'When it first stood in the fleet file, or stood there again.';
COMMENT ON COLUMN retail.organizations.valid_to IS 'When it left the fleet file; NULL while it stands there.';

CREATE TABLE retail.stores (
    store_id text PRIMARY KEY,
    organization_id text NOT NULL REFERENCES retail.organizations (organization_id),
    name text NOT NULL,
    timezone text NOT NULL,
    country text,
    day_starts_at time NOT NULL,
    live_since date,
    capacity integer CHECK (capacity > 0),
    valid_from timestamptz NOT NULL,
    valid_to timestamptz,
    CHECK (valid_to >= valid_from)
);

CREATE INDEX stores_by_organization ON retail.stores (organization_id);

ALTER TABLE retail.stores ENABLE ROW LEVEL SECURITY;

COMMENT ON TABLE retail.stores IS 'Shops. One row per store that was ever declared; a removed store is inactive, its facts stay.';
COMMENT ON COLUMN retail.stores.store_id IS 'Id in the fleet file.';
COMMENT ON COLUMN retail.stores.organization_id IS 'The owner.';
COMMENT ON COLUMN retail.stores.name IS 'Name for people.';
COMMENT ON COLUMN retail.stores.timezone IS 'IANA zone; local dates, hours and trading days are in it.';
COMMENT ON COLUMN retail.stores.country IS 'ISO 3166 code whose public holidays apply; NULL: none.';
COMMENT ON COLUMN retail.stores.day_starts_at IS 'Local time at which a trading day begins.';
COMMENT ON COLUMN retail.stores.live_since IS 'Local date before which nothing is expected; NULL: always.';
COMMENT ON COLUMN retail.stores.capacity IS 'People that may be inside; NULL: not stated.';
COMMENT ON COLUMN retail.stores.valid_from IS 'When it first stood in the fleet file, or stood there again.';
COMMENT ON COLUMN retail.stores.valid_to IS 'When it left the fleet file; NULL while it stands there.';

CREATE TABLE retail.sensors (
    sensor_id text PRIMARY KEY,
    store_id text NOT NULL REFERENCES retail.stores (store_id),
    organization_id text NOT NULL REFERENCES retail.organizations (organization_id),
    timezone text NOT NULL,
    interval_minutes integer NOT NULL CHECK (interval_minutes BETWEEN 1 AND 60),
    retention_days integer NOT NULL CHECK (retention_days > 0),
    reports text[] NOT NULL,
    is_active boolean NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_to timestamptz,
    CHECK (valid_to >= valid_from)
);

CREATE INDEX sensors_by_store ON retail.sensors (store_id);

ALTER TABLE retail.sensors ENABLE ROW LEVEL SECURITY;

COMMENT ON TABLE retail.sensors IS 'Counting devices. One row per device that was ever declared. No addresses and no credentials.';
COMMENT ON COLUMN retail.sensors.sensor_id IS 'Id in the fleet file.';
COMMENT ON COLUMN retail.sensors.store_id IS 'The store over whose door it hangs now; a fact row says where it hung then.';
COMMENT ON COLUMN retail.sensors.organization_id IS 'The owner of the store.';
COMMENT ON COLUMN retail.sensors.timezone IS 'IANA zone of the wall clock of the device.';
COMMENT ON COLUMN retail.sensors.interval_minutes IS 'Length of the intervals that it is set to report.';
COMMENT ON COLUMN retail.sensors.retention_days IS 'How long the device remembers: the deadline for recovering a gap.';
COMMENT ON COLUMN retail.sensors.reports IS 'Reports that it is asked for: lines, regions.';
COMMENT ON COLUMN retail.sensors.is_active IS 'Whether the fleet file says that it is asked.';
COMMENT ON COLUMN retail.sensors.valid_from IS 'When it first stood in the fleet file, or stood there again.';
COMMENT ON COLUMN retail.sensors.valid_to IS 'When it left the fleet file; NULL while it stands there.';
