CREATE TABLE retail.daily_summaries (
    store_id text NOT NULL REFERENCES retail.stores (store_id),
    organization_id text NOT NULL REFERENCES retail.organizations (organization_id),
    trading_day date NOT NULL,
    day_start timestamptz NOT NULL,
    day_end timestamptz NOT NULL,
    entries integer CHECK (entries >= 0),
    exits integer CHECK (exits >= 0),
    net_flow integer,
    passers_by integer CHECK (passers_by >= 0),
    capture_rate double precision CHECK (capture_rate BETWEEN 0 AND 1),
    turn_in_ratio double precision CHECK (turn_in_ratio >= 0),
    business_entries double precision CHECK (business_entries >= 0),
    non_business_entries double precision CHECK (non_business_entries >= 0),
    average_hourly_entries double precision CHECK (average_hourly_entries >= 0),
    peak_hour smallint CHECK (peak_hour BETWEEN 0 AND 23),
    peak_hour_entries integer CHECK (peak_hour_entries >= 0),
    peak_hour_is_tied boolean,
    occupancy_max integer CHECK (occupancy_max >= 0),
    occupancy_max_at timestamptz,
    drift integer,
    drift_share double precision,
    open_hours double precision NOT NULL CHECK (open_hours >= 0),
    hours_expected integer NOT NULL CHECK (hours_expected >= 0),
    hours_reported integer NOT NULL CHECK (hours_reported >= 0),
    completeness double precision CHECK (completeness BETWEEN 0 AND 1),
    is_complete boolean NOT NULL,
    run_id text NOT NULL,
    input_version timestamptz NOT NULL,
    PRIMARY KEY (store_id, trading_day),
    CONSTRAINT daily_summaries_day CHECK (day_end > day_start)
);

CREATE INDEX daily_summaries_by_day ON retail.daily_summaries (trading_day);

ALTER TABLE retail.daily_summaries ENABLE ROW LEVEL SECURITY;

COMMENT ON TABLE retail.daily_summaries IS 'One row per store and trading day with a reported hour. Ratios are recomputed from sums, never averaged.';
COMMENT ON COLUMN retail.daily_summaries.store_id IS 'The store.';
COMMENT ON COLUMN retail.daily_summaries.organization_id IS 'The owner of the store.';
COMMENT ON COLUMN retail.daily_summaries.trading_day IS 'Local date on which the trading day begins.';
COMMENT ON COLUMN retail.daily_summaries.day_start IS 'Start of the trading day, as an instant.';
COMMENT ON COLUMN retail.daily_summaries.day_end IS 'End of the trading day, exclusive: 23, 24 or 25 hours later.';
COMMENT ON COLUMN retail.daily_summaries.entries IS 'People in over entrance lines.';
COMMENT ON COLUMN retail.daily_summaries.exits IS 'People out over entrance lines.';
COMMENT ON COLUMN retail.daily_summaries.net_flow IS 'entries - exits, people.';
COMMENT ON COLUMN retail.daily_summaries.passers_by IS 'Crossings of passers_by lines in both directions, people; NULL: no such line.';
COMMENT ON COLUMN retail.daily_summaries.capture_rate IS 'entries / (entries + passers_by), 0..1 (capture.v1); NULL: nobody, or no such line.';
COMMENT ON COLUMN retail.daily_summaries.turn_in_ratio IS 'entries / passers_by; NULL: nobody passed, or no such line.';
COMMENT ON COLUMN retail.daily_summaries.business_entries IS 'entries inside opening hours, people: an hour that is partly open counts by its share.';
COMMENT ON COLUMN retail.daily_summaries.non_business_entries IS 'entries outside opening hours, people.';
COMMENT ON COLUMN retail.daily_summaries.average_hourly_entries IS 'Entries in opening hours / open hours, both over complete hours; NULL: none.';
COMMENT ON COLUMN retail.daily_summaries.peak_hour IS 'Local hour with most entries among complete open hours, earliest on a tie; NULL: none.';
COMMENT ON COLUMN retail.daily_summaries.peak_hour_entries IS 'entries of the peak hour, people.';
COMMENT ON COLUMN retail.daily_summaries.peak_hour_is_tied IS 'Whether another hour has as many entries.';
COMMENT ON COLUMN retail.daily_summaries.occupancy_max IS 'Most people inside at the end of an interval.';
COMMENT ON COLUMN retail.daily_summaries.occupancy_max_at IS 'When occupancy_max was first reached: the start of the hour.';
COMMENT ON COLUMN retail.daily_summaries.drift IS 'entries - exits over the day, uncorrected, people: positive means missed exits.';
COMMENT ON COLUMN retail.daily_summaries.drift_share IS 'drift / entries; NULL: nobody came in.';
COMMENT ON COLUMN retail.daily_summaries.open_hours IS 'Hours that the store is open on the trading day.';
COMMENT ON COLUMN retail.daily_summaries.hours_expected IS 'Local hours of the trading day that had ended when it was computed.';
COMMENT ON COLUMN retail.daily_summaries.hours_reported IS 'Local hours with a row.';
COMMENT ON COLUMN retail.daily_summaries.completeness IS 'Completeness of the hours summed / hours_expected, 0..1; NULL while no hour has ended.';
COMMENT ON COLUMN retail.daily_summaries.is_complete IS 'Whether the day has ended and every expected hour is complete or closed as lost.';
COMMENT ON COLUMN retail.daily_summaries.run_id IS 'The run that last changed this row.';
COMMENT ON COLUMN retail.daily_summaries.input_version IS 'Greatest input_version of the hours that it was made from.';
