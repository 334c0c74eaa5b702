-- Stays that a device itself says were long: a report of its own, kept like that of all stays.
CREATE TABLE retail.long_stay_counts (
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
    CONSTRAINT long_stay_counts_interval CHECK (
        interval_end > interval_start AND interval_end <= interval_start + interval '1 hour'
    )
);

CREATE INDEX long_stay_counts_by_time ON retail.long_stay_counts USING brin (interval_start) WITH (pages_per_range = 32);

COMMENT ON TABLE retail.long_stay_counts IS 'Long stays per region as reported. One row per device and interval. Nothing reported: no row; nobody stayed long: a row of zeros.';
COMMENT ON COLUMN retail.long_stay_counts.sensor_id IS 'The device.';
COMMENT ON COLUMN retail.long_stay_counts.store_id IS 'The store in which it hung.';
COMMENT ON COLUMN retail.long_stay_counts.organization_id IS 'The owner of the store.';
COMMENT ON COLUMN retail.long_stay_counts.interval_start IS 'Start of the interval.';
COMMENT ON COLUMN retail.long_stay_counts.interval_end IS 'End of the interval, exclusive.';
COMMENT ON COLUMN retail.long_stay_counts.region1 IS 'Stays in region 1 longer than long_stay_seconds, which the request of the reply names as length.';
COMMENT ON COLUMN retail.long_stay_counts.region2 IS 'Such stays in region 2.';
COMMENT ON COLUMN retail.long_stay_counts.region3 IS 'Such stays in region 3.';
COMMENT ON COLUMN retail.long_stay_counts.region4 IS 'Such stays in region 4.';
COMMENT ON COLUMN retail.long_stay_counts.total IS 'Sum over the regions: people are in it once for every region they stayed in.';
COMMENT ON COLUMN retail.long_stay_counts.is_complete IS 'Whether the device had closed the interval two minutes before it answered; false: figures still grow.';
COMMENT ON COLUMN retail.long_stay_counts.reply_id IS 'The row of device_replies that last changed this row.';
COMMENT ON COLUMN retail.long_stay_counts.collected_at IS 'When that reply was received.';

SELECT retail.protect('retail.long_stay_counts', 'viewer');

ALTER TABLE retail.device_replies
DROP CONSTRAINT device_replies_report_check,
ADD CONSTRAINT device_replies_report_check CHECK (report IN ('lines', 'regions', 'long_stays', 'counters'));

ALTER TABLE retail.collection_gaps
DROP CONSTRAINT collection_gaps_report_check,
ADD CONSTRAINT collection_gaps_report_check CHECK (report IN ('lines', 'regions', 'long_stays'));

ALTER TABLE retail.rejected_rows
DROP CONSTRAINT rejected_rows_report_check,
ADD CONSTRAINT rejected_rows_report_check CHECK (report IN ('lines', 'regions', 'long_stays'));

ALTER TABLE retail.zone_hours
ADD COLUMN long_stays integer CHECK (long_stays >= 0),
ADD COLUMN engagement double precision CHECK (engagement >= 0);

COMMENT ON COLUMN retail.device_replies.report IS 'What was asked for: lines, regions, long_stays, or the live counters.';
COMMENT ON COLUMN retail.collection_gaps.report IS 'lines, regions or long_stays.';
COMMENT ON COLUMN retail.rejected_rows.report IS 'lines, regions or long_stays.';
COMMENT ON COLUMN retail.sensors.reports IS 'Reports that it is asked for: lines, regions, long_stays.';
COMMENT ON COLUMN retail.zone_hours.long_stays IS 'stays in the zone''s regions longer than the device''s long_stay_seconds, as it filters them. [stays, >= 0, long_stays.v1] From long_stay_counts. NULL: no device of the zone is asked for long_stays.';
COMMENT ON COLUMN retail.zone_hours.engagement IS 'long_stays / stays, of an hour in which every region of the zone was counted whole in both reports; above 1 if a device counts a long stay in another hour than the stay. [share, >= 0, engagement.v1] From regional_counts, long_stay_counts. NULL: that does not hold, or nobody stayed.';
