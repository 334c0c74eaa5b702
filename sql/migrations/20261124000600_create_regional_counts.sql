CREATE TABLE retail.regional_counts (
    sensor_id text NOT NULL REFERENCES retail.sensors (sensor_id),
    store_id text NOT NULL REFERENCES retail.stores (store_id),
    organization_id text NOT NULL REFERENCES retail.organizations (organization_id),
    interval_start timestamptz NOT NULL,
    interval_end timestamptz NOT NULL,
    region1 integer CHECK (region1 >= 0),
    region2 integer CHECK (region2 >= 0),
    region3 integer CHECK (region3 >= 0),
    region4 integer CHECK (region4 >= 0),
    total integer NOT NULL CHECK (total >= 0),
    is_complete boolean NOT NULL,
    reply_id bigint NOT NULL,
    collected_at timestamptz NOT NULL,
    PRIMARY KEY (sensor_id, interval_start),
    CONSTRAINT regional_counts_interval CHECK (
        interval_end > interval_start AND interval_end <= interval_start + interval '1 hour'
    )
);

CREATE INDEX regional_counts_by_time ON retail.regional_counts USING brin (interval_start) WITH (pages_per_range = 32);

ALTER TABLE retail.regional_counts ENABLE ROW LEVEL SECURITY;

COMMENT ON TABLE retail.regional_counts IS 'Stays per region as reported: neither occupancy nor unique people. One row per device and interval.';
COMMENT ON COLUMN retail.regional_counts.sensor_id IS 'The device.';
COMMENT ON COLUMN retail.regional_counts.store_id IS 'The store in which it hung.';
COMMENT ON COLUMN retail.regional_counts.organization_id IS 'The owner of the store.';
COMMENT ON COLUMN retail.regional_counts.interval_start IS 'Start of the interval.';
COMMENT ON COLUMN retail.regional_counts.interval_end IS 'End of the interval, exclusive.';
COMMENT ON COLUMN retail.regional_counts.region1 IS 'Stays in region 1; NULL: the report has no such column.';
COMMENT ON COLUMN retail.regional_counts.region2 IS 'Stays in region 2; NULL: the report has no such column.';
COMMENT ON COLUMN retail.regional_counts.region3 IS 'Stays in region 3; NULL: the report has no such column.';
COMMENT ON COLUMN retail.regional_counts.region4 IS 'Stays in region 4; NULL: the report has no such column.';
COMMENT ON COLUMN retail.regional_counts.total IS 'Sum over the regions, as reported.';
COMMENT ON COLUMN retail.regional_counts.is_complete IS 'Whether the device had closed the interval two minutes before it answered; false: figures still grow.';
COMMENT ON COLUMN retail.regional_counts.reply_id IS 'The row of device_replies that last changed this row.';
COMMENT ON COLUMN retail.regional_counts.collected_at IS 'When that reply was received.';
