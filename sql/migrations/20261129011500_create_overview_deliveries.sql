-- Overviews as messages, and who has taken which, as it is of the pages of stores.
ALTER TABLE retail.organization_reports
ADD COLUMN subject text,
ADD COLUMN message text;

COMMENT ON COLUMN retail.organization_reports.subject IS 'Organization and day, as the subject of a message; NULL: the page was made before overviews were sent.';
COMMENT ON COLUMN retail.organization_reports.message IS 'Key figures and ranking, as the text of a message; NULL: the page was made before overviews were sent.';

CREATE TABLE retail.overview_deliveries (
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
    PRIMARY KEY (organization_id, trading_day, receiver)
);

CREATE INDEX overview_deliveries_waiting ON retail.overview_deliveries (wanted_at) WHERE sent_at IS NULL;

COMMENT ON TABLE retail.overview_deliveries IS 'Overviews that are sent. One row per organization, trading day and receiver: taken, or waiting to be.';
COMMENT ON COLUMN retail.overview_deliveries.organization_id IS 'The organization.';
COMMENT ON COLUMN retail.overview_deliveries.trading_day IS 'Trading day of the overview.';
COMMENT ON COLUMN retail.overview_deliveries.recipient IS 'The recipient that the organization names; RETAIL_REPORT_URLS_<recipient> holds its addresses.';
COMMENT ON COLUMN retail.overview_deliveries.receiver IS 'Digest of the address, which does not lead back to it; the recipient itself where it has no address.';
COMMENT ON COLUMN retail.overview_deliveries.wanted_at IS 'When it was first to be sent; given up a day later.';
COMMENT ON COLUMN retail.overview_deliveries.attempts IS 'How often the receiver did not take it.';
COMMENT ON COLUMN retail.overview_deliveries.next_attempt IS 'Not tried again before; NULL: it has not failed.';
COMMENT ON COLUMN retail.overview_deliveries.problem IS 'Why the receiver did not take it, without addresses; NULL: it has not failed.';
COMMENT ON COLUMN retail.overview_deliveries.sent_at IS 'When the receiver took it; NULL: it has not.';
COMMENT ON COLUMN retail.overview_deliveries.input_version IS 'Version of the overview that the receiver took; NULL: none yet.';

SELECT retail.protect('retail.overview_deliveries', 'manager');
