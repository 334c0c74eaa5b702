-- Overviews of organizations. No store_id: whoever may read only some of the stores sees none of it.
CREATE TABLE retail.organization_reports (
    organization_id text NOT NULL REFERENCES retail.organizations (organization_id),
    trading_day date NOT NULL,
    language text NOT NULL,
    html text NOT NULL,
    made_at timestamptz NOT NULL,
    input_version timestamptz NOT NULL,
    run_id text NOT NULL,
    PRIMARY KEY (organization_id, trading_day)
);

COMMENT ON TABLE retail.organization_reports IS 'One row per organization and trading day: its stores ranked like for like, as one HTML file. For members of the whole organization.';
COMMENT ON COLUMN retail.organization_reports.organization_id IS 'The organization.';
COMMENT ON COLUMN retail.organization_reports.trading_day IS 'Last trading day of the week that is compared with the week before.';
COMMENT ON COLUMN retail.organization_reports.language IS 'Language of the page, as the fleet file states it for the organization.';
COMMENT ON COLUMN retail.organization_reports.html IS 'The whole page: pictures inside, no script, nothing is loaded from elsewhere.';
COMMENT ON COLUMN retail.organization_reports.made_at IS 'When it was made, from the figures known then.';
COMMENT ON COLUMN retail.organization_reports.input_version IS 'Greatest input_version of the daily summaries of both weeks.';
COMMENT ON COLUMN retail.organization_reports.run_id IS 'The run that made it.';

SELECT retail.protect('retail.organization_reports', 'viewer');
