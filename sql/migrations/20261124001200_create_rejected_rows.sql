CREATE TABLE retail.rejected_rows (
    reply_id bigint NOT NULL REFERENCES retail.device_replies (reply_id) ON DELETE CASCADE,
    sensor_id text NOT NULL REFERENCES retail.sensors (sensor_id),
    store_id text NOT NULL REFERENCES retail.stores (store_id),
    organization_id text NOT NULL REFERENCES retail.organizations (organization_id),
    report text NOT NULL CHECK (report IN ('lines', 'regions')),
    row_number integer NOT NULL CHECK (row_number >= 0),
    row text NOT NULL,
    reason text NOT NULL,
    seen_at timestamptz NOT NULL,
    PRIMARY KEY (reply_id, row_number)
);

-- The same bad row comes with every poll of its day: it is kept once.
CREATE UNIQUE INDEX rejected_rows_once ON retail.rejected_rows (sensor_id, report, md5(row), md5(reason));
CREATE INDEX rejected_rows_by_time ON retail.rejected_rows (seen_at);

ALTER TABLE retail.rejected_rows ENABLE ROW LEVEL SECURITY;

COMMENT ON TABLE retail.rejected_rows IS 'Rows of replies that cannot be true. One row per device, report, text and reason, when first seen.';
COMMENT ON COLUMN retail.rejected_rows.reply_id IS 'The row of device_replies in which it first came.';
COMMENT ON COLUMN retail.rejected_rows.sensor_id IS 'The device.';
COMMENT ON COLUMN retail.rejected_rows.store_id IS 'The store.';
COMMENT ON COLUMN retail.rejected_rows.organization_id IS 'The owner of the store.';
COMMENT ON COLUMN retail.rejected_rows.report IS 'lines or regions.';
COMMENT ON COLUMN retail.rejected_rows.row_number IS 'Position in the reply, as the parser counts.';
COMMENT ON COLUMN retail.rejected_rows.row IS 'The row as received.';
COMMENT ON COLUMN retail.rejected_rows.reason IS 'What is wrong with it.';
COMMENT ON COLUMN retail.rejected_rows.seen_at IS 'When it was first received.';
