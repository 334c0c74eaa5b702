-- Pages as messages, and who has taken which: a restart sends nothing twice.
ALTER TABLE retail.store_reports
ADD COLUMN subject text,
ADD COLUMN message text;

COMMENT ON COLUMN retail.store_reports.subject IS 'Store and day, as the subject of a message; NULL: the page was made before pages were sent.';
COMMENT ON COLUMN retail.store_reports.message IS 'Key figures and the day in words, as the text of a message; NULL: the page was made before pages were sent.';

CREATE TABLE retail.report_deliveries (
    store_id text NOT NULL REFERENCES retail.stores (store_id),
    organization_id text NOT NULL REFERENCES retail.organizations (organization_id),
    trading_day date NOT NULL,
    recipient text NOT NULL,
    receiver text NOT NULL,
    wanted_at timestamptz NOT NULL,
    attempts integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    next_attempt timestamptz,
    problem text,
    sent_at timestamptz,
    input_version timestamptz,
    PRIMARY KEY (store_id, trading_day, receiver)
);

CREATE INDEX report_deliveries_waiting ON retail.report_deliveries (wanted_at) WHERE sent_at IS NULL;

COMMENT ON TABLE retail.report_deliveries IS 'Pages that are sent. One row per store, trading day and receiver: taken, or waiting to be.';
COMMENT ON COLUMN retail.report_deliveries.store_id IS 'The store.';
COMMENT ON COLUMN retail.report_deliveries.organization_id IS 'The owner of the store.';
COMMENT ON COLUMN retail.report_deliveries.trading_day IS 'Local trading day of the page.';
COMMENT ON COLUMN retail.report_deliveries.recipient IS 'The recipient that the store names; RETAIL_REPORT_URLS_<recipient> holds its addresses.';
COMMENT ON COLUMN retail.report_deliveries.receiver IS 'Digest of the address, which does not lead back to it; the recipient itself where it has no address.';
COMMENT ON COLUMN retail.report_deliveries.wanted_at IS 'When it was first to be sent; given up a day later.';
COMMENT ON COLUMN retail.report_deliveries.attempts IS 'How often the receiver did not take it.';
COMMENT ON COLUMN retail.report_deliveries.next_attempt IS 'Not tried again before; NULL: it has not failed.';
COMMENT ON COLUMN retail.report_deliveries.problem IS 'Why the receiver did not take it, without addresses; NULL: it has not failed.';
COMMENT ON COLUMN retail.report_deliveries.sent_at IS 'When the receiver took it; NULL: it has not.';
COMMENT ON COLUMN retail.report_deliveries.input_version IS 'Version of the page that the receiver last took; NULL: none yet.';

SELECT retail.protect('retail.report_deliveries', 'manager');

ALTER TABLE retail.incidents DROP CONSTRAINT incidents_kind_check;
ALTER TABLE retail.incidents
ADD CONSTRAINT incidents_kind_check CHECK (kind IN ('device', 'check', 'freshness', 'run', 'report'));

COMMENT ON COLUMN retail.incidents.kind IS 'device (has ceased to answer), check (a stage of a store), freshness (a table is out of date), run (a job failed) or report (pages are not taken).';
