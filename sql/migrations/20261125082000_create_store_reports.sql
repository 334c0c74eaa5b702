-- Reports as people read them, kept here because a container loses its disk.
CREATE TABLE retail.store_reports (
    store_id text NOT NULL REFERENCES retail.stores (store_id),
    organization_id text NOT NULL REFERENCES retail.organizations (organization_id),
    trading_day date NOT NULL,
    language text NOT NULL,
    html text NOT NULL,
    made_at timestamptz NOT NULL,
    input_version timestamptz NOT NULL,
    run_id text NOT NULL,
    PRIMARY KEY (store_id, trading_day)
);

ALTER TABLE retail.store_reports ENABLE ROW LEVEL SECURITY;

COMMENT ON TABLE retail.store_reports IS 'One row per store and trading day on which the shop was open: the report as one HTML file.';
COMMENT ON COLUMN retail.store_reports.store_id IS 'The store.';
COMMENT ON COLUMN retail.store_reports.organization_id IS 'The owner of the store.';
COMMENT ON COLUMN retail.store_reports.trading_day IS 'Local trading day.';
COMMENT ON COLUMN retail.store_reports.language IS 'Language of the page, as the fleet file states it for the store.';
COMMENT ON COLUMN retail.store_reports.html IS 'The whole page: pictures inside, no script, nothing is loaded from elsewhere.';
COMMENT ON COLUMN retail.store_reports.made_at IS 'When it was made, from the figures known then.';
COMMENT ON COLUMN retail.store_reports.input_version IS 'input_version of the daily summary that it was made from.';
COMMENT ON COLUMN retail.store_reports.run_id IS 'The run that made it.';
