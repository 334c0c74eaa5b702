-- The devices' own heat over time: a report that a device is asked for where the fleet file says so.
CREATE TABLE retail.device_heat (
    sensor_id text NOT NULL REFERENCES retail.sensors (sensor_id),
    store_id text NOT NULL REFERENCES retail.stores (store_id),
    organization_id text NOT NULL REFERENCES retail.organizations (organization_id),
    interval_start timestamptz NOT NULL,
    interval_end timestamptz NOT NULL,
    value integer NOT NULL CHECK (value >= 0),
    is_complete boolean NOT NULL,
    reply_id bigint NOT NULL,
    collected_at timestamptz NOT NULL,
    PRIMARY KEY (sensor_id, interval_start),
    CONSTRAINT device_heat_interval CHECK (
        interval_end > interval_start AND interval_end <= interval_start + interval '1 hour'
    )
);

CREATE INDEX device_heat_by_time ON retail.device_heat USING brin (interval_start) WITH (pages_per_range = 32);

COMMENT ON TABLE retail.device_heat IS 'The devices'' own heat over time, where the fleet file asks for it. One row per device and interval. Nothing reported: no row. It is no count of people, and no figure is computed from it.';
COMMENT ON COLUMN retail.device_heat.sensor_id IS 'The device.';
COMMENT ON COLUMN retail.device_heat.store_id IS 'The store in which it hung.';
COMMENT ON COLUMN retail.device_heat.organization_id IS 'The owner of the store.';
COMMENT ON COLUMN retail.device_heat.interval_start IS 'Start of the interval.';
COMMENT ON COLUMN retail.device_heat.interval_end IS 'End of the interval, exclusive.';
COMMENT ON COLUMN retail.device_heat.value IS 'The value as the device reports it. Its unit is not documented: compare it with other values of the same device only.';
COMMENT ON COLUMN retail.device_heat.is_complete IS 'Whether the device had closed the interval two minutes before it answered; false: the value still grows.';
COMMENT ON COLUMN retail.device_heat.reply_id IS 'The row of device_replies that last changed this row.';
COMMENT ON COLUMN retail.device_heat.collected_at IS 'When that reply was received.';

SELECT retail.protect('retail.device_heat', 'viewer');

ALTER TABLE retail.device_replies
DROP CONSTRAINT device_replies_report_check,
ADD CONSTRAINT device_replies_report_check CHECK (report IN ('lines', 'regions', 'long_stays', 'heat', 'counters'));

ALTER TABLE retail.collection_gaps
DROP CONSTRAINT collection_gaps_report_check,
ADD CONSTRAINT collection_gaps_report_check CHECK (report IN ('lines', 'regions', 'long_stays', 'heat'));

ALTER TABLE retail.rejected_rows
DROP CONSTRAINT rejected_rows_report_check,
ADD CONSTRAINT rejected_rows_report_check CHECK (report IN ('lines', 'regions', 'long_stays', 'heat'));

COMMENT ON COLUMN retail.device_replies.report IS 'What was asked for: lines, regions, long_stays, heat, or the live counters.';
COMMENT ON COLUMN retail.collection_gaps.report IS 'lines, regions, long_stays or heat.';
COMMENT ON COLUMN retail.rejected_rows.report IS 'lines, regions, long_stays or heat.';
COMMENT ON COLUMN retail.sensors.reports IS 'Reports that it is asked for: lines, regions, long_stays, heat.';
