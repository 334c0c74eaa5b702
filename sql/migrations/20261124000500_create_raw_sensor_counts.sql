-- Wide on purpose: a quarter of the space and of the write time of a row per line.
CREATE TABLE retail.raw_sensor_counts (
    sensor_id text NOT NULL REFERENCES retail.sensors (sensor_id),
    store_id text NOT NULL REFERENCES retail.stores (store_id),
    organization_id text NOT NULL REFERENCES retail.organizations (organization_id),
    interval_start timestamptz NOT NULL,
    interval_end timestamptz NOT NULL,
    line1_in integer NOT NULL CHECK (line1_in >= 0),
    line1_out integer NOT NULL CHECK (line1_out >= 0),
    line2_in integer NOT NULL CHECK (line2_in >= 0),
    line2_out integer NOT NULL CHECK (line2_out >= 0),
    line3_in integer NOT NULL CHECK (line3_in >= 0),
    line3_out integer NOT NULL CHECK (line3_out >= 0),
    line4_in integer NOT NULL CHECK (line4_in >= 0),
    line4_out integer NOT NULL CHECK (line4_out >= 0),
    total_in integer NOT NULL CHECK (total_in >= 0),
    total_out integer NOT NULL CHECK (total_out >= 0),
    is_complete boolean NOT NULL,
    reply_id bigint NOT NULL,
    collected_at timestamptz NOT NULL,
    PRIMARY KEY (sensor_id, interval_start),
    CONSTRAINT raw_sensor_counts_interval CHECK (
        interval_end > interval_start AND interval_end <= interval_start + interval '1 hour'
    )
);

CREATE INDEX raw_sensor_counts_by_time ON retail.raw_sensor_counts USING brin (interval_start) WITH (pages_per_range = 32);

ALTER TABLE retail.raw_sensor_counts ENABLE ROW LEVEL SECURITY;

COMMENT ON TABLE retail.raw_sensor_counts IS 'Line crossings as reported. One row per device and interval. Nothing reported: no row; zero people: a row of zeros.';
COMMENT ON COLUMN retail.raw_sensor_counts.sensor_id IS 'The device.';
COMMENT ON COLUMN retail.raw_sensor_counts.store_id IS 'The store over whose door it hung.';
COMMENT ON COLUMN retail.raw_sensor_counts.organization_id IS 'The owner of the store.';
COMMENT ON COLUMN retail.raw_sensor_counts.interval_start IS 'Start of the interval.';
COMMENT ON COLUMN retail.raw_sensor_counts.interval_end IS 'End of the interval, exclusive.';
COMMENT ON COLUMN retail.raw_sensor_counts.line1_in IS 'Crossings of line 1 IN, people, as reported (not inverted).';
COMMENT ON COLUMN retail.raw_sensor_counts.line1_out IS 'Crossings of line 1 OUT, people, as reported (not inverted).';
COMMENT ON COLUMN retail.raw_sensor_counts.line2_in IS 'Crossings of line 2 IN, people, as reported (not inverted).';
COMMENT ON COLUMN retail.raw_sensor_counts.line2_out IS 'Crossings of line 2 OUT, people, as reported (not inverted).';
COMMENT ON COLUMN retail.raw_sensor_counts.line3_in IS 'Crossings of line 3 IN, people, as reported (not inverted).';
COMMENT ON COLUMN retail.raw_sensor_counts.line3_out IS 'Crossings of line 3 OUT, people, as reported (not inverted).';
COMMENT ON COLUMN retail.raw_sensor_counts.line4_in IS 'Crossings of line 4 IN, people, as reported (not inverted).';
COMMENT ON COLUMN retail.raw_sensor_counts.line4_out IS 'Crossings of line 4 OUT, people, as reported (not inverted).';
COMMENT ON COLUMN retail.raw_sensor_counts.total_in IS 'Total IN of the device: all four lines, passers-by included; never store traffic.';
COMMENT ON COLUMN retail.raw_sensor_counts.total_out IS 'Total OUT of the device: all four lines, passers-by included; never store traffic.';
COMMENT ON COLUMN retail.raw_sensor_counts.is_complete IS 'Whether the device had closed the interval two minutes before it answered; false: figures still grow.';
COMMENT ON COLUMN retail.raw_sensor_counts.reply_id IS 'The row of device_replies that last changed this row.';
COMMENT ON COLUMN retail.raw_sensor_counts.collected_at IS 'When that reply was received.';
