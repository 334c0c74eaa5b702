-- Counters that a device shows at any time: readings of an instant, held against the rows of its day.
CREATE TABLE retail.live_counters (
    sensor_id text NOT NULL REFERENCES retail.sensors (sensor_id),
    store_id text NOT NULL REFERENCES retail.stores (store_id),
    organization_id text NOT NULL REFERENCES retail.organizations (organization_id),
    observed_at timestamptz NOT NULL,
    shown_at timestamptz NOT NULL,
    counting_since timestamptz,
    in_count integer NOT NULL CHECK (in_count >= 0),
    out_count integer NOT NULL CHECK (out_count >= 0),
    reply_id bigint NOT NULL,
    PRIMARY KEY (sensor_id, observed_at)
);

CREATE INDEX live_counters_by_store ON retail.live_counters (store_id, observed_at);

COMMENT ON TABLE retail.live_counters IS 'Totals of the day so far as a device showed them. One row per device and reading. All lines, passers-by included: never store traffic.';
COMMENT ON COLUMN retail.live_counters.sensor_id IS 'The device.';
COMMENT ON COLUMN retail.live_counters.store_id IS 'The store over whose door it hung.';
COMMENT ON COLUMN retail.live_counters.organization_id IS 'The owner of the store.';
COMMENT ON COLUMN retail.live_counters.observed_at IS 'When the counters were received.';
COMMENT ON COLUMN retail.live_counters.shown_at IS 'The same instant by the clock of the device, which its rows follow.';
COMMENT ON COLUMN retail.live_counters.counting_since IS 'Midnight of the device, when it resets its counters; NULL: read within five minutes of one, so that nobody can tell which.';
COMMENT ON COLUMN retail.live_counters.in_count IS 'People IN over all lines since then, as shown (not inverted).';
COMMENT ON COLUMN retail.live_counters.out_count IS 'People OUT over all lines since then, as shown (not inverted).';
COMMENT ON COLUMN retail.live_counters.reply_id IS 'The row of device_replies that it was read from.';

SELECT retail.protect('retail.live_counters', 'viewer');

ALTER TABLE retail.device_replies
DROP CONSTRAINT device_replies_report_check,
ADD CONSTRAINT device_replies_report_check CHECK (report IN ('lines', 'regions', 'counters'));

COMMENT ON COLUMN retail.device_replies.report IS 'What was asked for: lines, regions, or the live counters.';
