-- Says where a table begins since its older rows were removed: what was made from them is never made again from the rest.
CREATE TABLE retail.kept_since (
    store_id text NOT NULL REFERENCES retail.stores (store_id),
    table_name text NOT NULL CHECK (
        table_name IN ('device_replies', 'raw_sensor_counts', 'hourly_analytics', 'daily_summaries')
    ),
    organization_id text NOT NULL REFERENCES retail.organizations (organization_id),
    first_day date NOT NULL,
    since timestamptz NOT NULL,
    moved_at timestamptz NOT NULL,
    PRIMARY KEY (store_id, table_name)
);

ALTER TABLE retail.kept_since ENABLE ROW LEVEL SECURITY;

COMMENT ON TABLE retail.kept_since IS 'One row per store and kind of table whose old rows were removed; no row: nothing was. Never moves back.';
COMMENT ON COLUMN retail.kept_since.store_id IS 'The store.';
COMMENT ON COLUMN retail.kept_since.table_name IS 'The table; those that are kept as long as it begin with it.';
COMMENT ON COLUMN retail.kept_since.organization_id IS 'The owner of the store, whose fleet file entry says how long.';
COMMENT ON COLUMN retail.kept_since.first_day IS 'First trading day of which everything is kept; earlier ones were removed, or are being removed.';
COMMENT ON COLUMN retail.kept_since.since IS 'The instant at which that trading day began.';
COMMENT ON COLUMN retail.kept_since.moved_at IS 'When it was last moved, before rows were removed.';

SELECT retail.protect('retail.kept_since', 'viewer');

-- What is old is found where it lies: rows come in the order of time.
CREATE INDEX device_replies_by_arrival ON retail.device_replies USING brin (received_at) WITH (pages_per_range = 32);
CREATE INDEX pipeline_health_by_time ON retail.pipeline_health USING brin (checked_at) WITH (pages_per_range = 32);

COMMENT ON COLUMN retail.raw_sensor_counts.reply_id IS
'The reply that last changed the row. Not in device_replies: it is older than kept_since says, and was removed.';
COMMENT ON COLUMN retail.regional_counts.reply_id IS
'The reply that last changed the row. Not in device_replies: it is older than kept_since says, and was removed.';
COMMENT ON COLUMN retail.revisions.reply_id IS
'The reply that changed it. Not in device_replies: it is older than kept_since says, and was removed. NULL: not a raw row.';
