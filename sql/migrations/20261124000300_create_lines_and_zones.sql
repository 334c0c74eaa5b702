-- How a store is wired, in versions: a changed line ends one row and begins another.
CREATE TABLE retail.lines (
    sensor_id text NOT NULL REFERENCES retail.sensors (sensor_id),
    line integer NOT NULL CHECK (line BETWEEN 1 AND 4),
    store_id text NOT NULL REFERENCES retail.stores (store_id),
    organization_id text NOT NULL REFERENCES retail.organizations (organization_id),
    role text NOT NULL CHECK (role IN ('entrance', 'interior', 'passers_by', 'ignored')),
    from_area text,
    to_area text,
    is_inverted boolean NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_to timestamptz,
    PRIMARY KEY (sensor_id, line, valid_from),
    CHECK (valid_to >= valid_from)
);

CREATE UNIQUE INDEX lines_current ON retail.lines (sensor_id, line) WHERE valid_to IS NULL;
CREATE INDEX lines_by_store ON retail.lines (store_id);

ALTER TABLE retail.lines ENABLE ROW LEVEL SECURITY;

COMMENT ON TABLE retail.lines IS 'Counting lines. One row per device, line and declaration; the current one has no valid_to.';
COMMENT ON COLUMN retail.lines.sensor_id IS 'The device that counts the line.';
COMMENT ON COLUMN retail.lines.line IS 'Number of the line on the device, 1 to 4.';
COMMENT ON COLUMN retail.lines.store_id IS 'The store.';
COMMENT ON COLUMN retail.lines.organization_id IS 'The owner of the store.';
COMMENT ON COLUMN retail.lines.role IS 'entrance: store boundary; interior: between zones; passers_by: the street outside; ignored.';
COMMENT ON COLUMN retail.lines.from_area IS 'Area that a crossing IN leaves; NULL: not declared.';
COMMENT ON COLUMN retail.lines.to_area IS 'Area that a crossing IN enters; NULL: not declared.';
COMMENT ON COLUMN retail.lines.is_inverted IS 'Whether it is mounted the wrong way round: IN and OUT change places in all figures but the raw ones.';
COMMENT ON COLUMN retail.lines.valid_from IS 'When it was declared so.';
COMMENT ON COLUMN retail.lines.valid_to IS 'When it ceased to be declared so; NULL: now.';

CREATE TABLE retail.regions (
    sensor_id text NOT NULL REFERENCES retail.sensors (sensor_id),
    region integer NOT NULL CHECK (region BETWEEN 1 AND 4),
    store_id text NOT NULL REFERENCES retail.stores (store_id),
    organization_id text NOT NULL REFERENCES retail.organizations (organization_id),
    zone text NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_to timestamptz,
    PRIMARY KEY (sensor_id, region, valid_from),
    CHECK (valid_to >= valid_from)
);

CREATE UNIQUE INDEX regions_current ON retail.regions (sensor_id, region) WHERE valid_to IS NULL;
CREATE INDEX regions_by_store ON retail.regions (store_id);

ALTER TABLE retail.regions ENABLE ROW LEVEL SECURITY;

COMMENT ON TABLE retail.regions IS 'Which zone a device means by its region number. One row per device, region and declaration.';
COMMENT ON COLUMN retail.regions.sensor_id IS 'The device that counts the region.';
COMMENT ON COLUMN retail.regions.region IS 'Number of the region on the device, 1 to 4.';
COMMENT ON COLUMN retail.regions.store_id IS 'The store.';
COMMENT ON COLUMN retail.regions.organization_id IS 'The owner of the store.';
COMMENT ON COLUMN retail.regions.zone IS 'The zone of the store that the region covers.';
COMMENT ON COLUMN retail.regions.valid_from IS 'When it was declared so.';
COMMENT ON COLUMN retail.regions.valid_to IS 'When it ceased to be declared so; NULL: now.';

CREATE TABLE retail.zones (
    store_id text NOT NULL REFERENCES retail.stores (store_id),
    zone text NOT NULL,
    organization_id text NOT NULL REFERENCES retail.organizations (organization_id),
    kind text NOT NULL CHECK (kind IN ('entrance', 'shopping', 'queue', 'premium')),
    name text NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_to timestamptz,
    PRIMARY KEY (store_id, zone, valid_from),
    CHECK (valid_to >= valid_from)
);

CREATE UNIQUE INDEX zones_current ON retail.zones (store_id, zone) WHERE valid_to IS NULL;

ALTER TABLE retail.zones ENABLE ROW LEVEL SECURITY;

COMMENT ON TABLE retail.zones IS 'Areas of a store, up to four. One row per store, zone and declaration; the current one has no valid_to.';
COMMENT ON COLUMN retail.zones.store_id IS 'The store.';
COMMENT ON COLUMN retail.zones.zone IS 'Id of the zone within its store.';
COMMENT ON COLUMN retail.zones.organization_id IS 'The owner of the store.';
COMMENT ON COLUMN retail.zones.kind IS 'What it answers: entrance, shopping, queue or premium.';
COMMENT ON COLUMN retail.zones.name IS 'Name for people.';
COMMENT ON COLUMN retail.zones.valid_from IS 'When it was declared so.';
COMMENT ON COLUMN retail.zones.valid_to IS 'When it ceased to be declared so; NULL: now.';
