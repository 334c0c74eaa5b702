CREATE TABLE retail.virtual_region_occupancy (
    store_id text NOT NULL REFERENCES retail.stores (store_id),
    organization_id text NOT NULL REFERENCES retail.organizations (organization_id),
    zone text NOT NULL,
    interval_start timestamptz NOT NULL,
    interval_end timestamptz NOT NULL,
    zone_kind text NOT NULL,
    entries integer CHECK (entries >= 0),
    exits integer CHECK (exits >= 0),
    occupancy integer CHECK (occupancy >= 0),
    occupancy_reason text,
    is_complete boolean NOT NULL,
    run_id text NOT NULL,
    input_version timestamptz NOT NULL,
    PRIMARY KEY (store_id, zone, interval_start),
    CONSTRAINT virtual_region_occupancy_interval CHECK (interval_end > interval_start)
);

CREATE INDEX virtual_region_occupancy_by_store ON retail.virtual_region_occupancy (store_id, interval_start);
CREATE INDEX virtual_region_occupancy_by_time ON retail.virtual_region_occupancy
USING brin (interval_start) WITH (pages_per_range = 32);

ALTER TABLE retail.virtual_region_occupancy ENABLE ROW LEVEL SECURITY;

COMMENT ON TABLE retail.virtual_region_occupancy IS 'People in a zone, from the lines around it. One row per store, zone and interval.';
COMMENT ON COLUMN retail.virtual_region_occupancy.store_id IS 'The store.';
COMMENT ON COLUMN retail.virtual_region_occupancy.organization_id IS 'The owner of the store.';
COMMENT ON COLUMN retail.virtual_region_occupancy.zone IS 'The zone of the store.';
COMMENT ON COLUMN retail.virtual_region_occupancy.interval_start IS 'Start of the interval.';
COMMENT ON COLUMN retail.virtual_region_occupancy.interval_end IS 'End of the interval, exclusive.';
COMMENT ON COLUMN retail.virtual_region_occupancy.zone_kind IS 'entrance, shopping, queue or premium.';
COMMENT ON COLUMN retail.virtual_region_occupancy.entries IS 'Crossings into the zone, people.';
COMMENT ON COLUMN retail.virtual_region_occupancy.exits IS 'Crossings out of the zone, people.';
COMMENT ON COLUMN retail.virtual_region_occupancy.occupancy IS 'People in the zone at the end of the interval: running entries - exits of the trading day, never below 0.';
COMMENT ON COLUMN retail.virtual_region_occupancy.occupancy_reason IS 'Why the counted lines cannot tell the occupancy; NULL where they can.';
COMMENT ON COLUMN retail.virtual_region_occupancy.is_complete IS 'Whether all rows that it was made from were complete.';
COMMENT ON COLUMN retail.virtual_region_occupancy.run_id IS 'The run that last changed this row.';
COMMENT ON COLUMN retail.virtual_region_occupancy.input_version IS 'Greatest collected_at of the raw rows that it was made from.';
