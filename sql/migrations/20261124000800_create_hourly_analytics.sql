CREATE TABLE retail.hourly_analytics (
    store_id text NOT NULL REFERENCES retail.stores (store_id),
    organization_id text NOT NULL REFERENCES retail.organizations (organization_id),
    hour_start timestamptz NOT NULL,
    hour_end timestamptz NOT NULL,
    local_date date NOT NULL,
    local_hour smallint NOT NULL CHECK (local_hour BETWEEN 0 AND 23),
    trading_day date NOT NULL,
    entries integer CHECK (entries >= 0),
    exits integer CHECK (exits >= 0),
    net_flow integer,
    passers_by integer CHECK (passers_by >= 0),
    capture_rate double precision CHECK (capture_rate BETWEEN 0 AND 1),
    turn_in_ratio double precision CHECK (turn_in_ratio >= 0),
    occupancy_end integer CHECK (occupancy_end >= 0),
    occupancy_max integer CHECK (occupancy_max >= 0),
    occupancy_mean double precision CHECK (occupancy_mean >= 0),
    is_business_hour boolean NOT NULL,
    business_share double precision NOT NULL CHECK (business_share BETWEEN 0 AND 1),
    completeness double precision NOT NULL CHECK (completeness BETWEEN 0 AND 1),
    is_complete boolean NOT NULL,
    run_id text NOT NULL,
    input_version timestamptz NOT NULL,
    PRIMARY KEY (store_id, hour_start),
    CONSTRAINT hourly_analytics_hour CHECK (hour_end > hour_start)
);

CREATE INDEX hourly_analytics_by_day ON retail.hourly_analytics (store_id, trading_day);
CREATE INDEX hourly_analytics_by_time ON retail.hourly_analytics USING brin (hour_start) WITH (pages_per_range = 32);

ALTER TABLE retail.hourly_analytics ENABLE ROW LEVEL SECURITY;

COMMENT ON TABLE retail.hourly_analytics IS 'One row per store and local clock hour for which something was reported. Measured figures only.';
COMMENT ON COLUMN retail.hourly_analytics.store_id IS 'The store.';
COMMENT ON COLUMN retail.hourly_analytics.organization_id IS 'The owner of the store.';
COMMENT ON COLUMN retail.hourly_analytics.hour_start IS 'Start of the local clock hour, as an instant (04:30Z for 10:00 in India).';
COMMENT ON COLUMN retail.hourly_analytics.hour_end IS 'End of the local clock hour, exclusive.';
COMMENT ON COLUMN retail.hourly_analytics.local_date IS 'Local calendar date.';
COMMENT ON COLUMN retail.hourly_analytics.local_hour IS 'Local clock hour, 0 to 23; it comes twice when clocks go back.';
COMMENT ON COLUMN retail.hourly_analytics.trading_day IS 'Trading day of the store that the hour belongs to.';
COMMENT ON COLUMN retail.hourly_analytics.entries IS 'People in over entrance lines.';
COMMENT ON COLUMN retail.hourly_analytics.exits IS 'People out over entrance lines.';
COMMENT ON COLUMN retail.hourly_analytics.net_flow IS 'entries - exits, people.';
COMMENT ON COLUMN retail.hourly_analytics.passers_by IS 'Crossings of passers_by lines in both directions, people; NULL: no such line.';
COMMENT ON COLUMN retail.hourly_analytics.capture_rate IS 'entries / (entries + passers_by), 0..1 (capture.v1); NULL: nobody, or no such line.';
COMMENT ON COLUMN retail.hourly_analytics.turn_in_ratio IS 'entries / passers_by; NULL: nobody passed, or no such line.';
COMMENT ON COLUMN retail.hourly_analytics.occupancy_end IS 'People inside at the end of the hour: running entries - exits of the trading day, never below 0.';
COMMENT ON COLUMN retail.hourly_analytics.occupancy_max IS 'Most people inside at the end of an interval of the hour.';
COMMENT ON COLUMN retail.hourly_analytics.occupancy_mean IS 'People inside, time-weighted over the reported intervals of the hour.';
COMMENT ON COLUMN retail.hourly_analytics.is_business_hour IS 'Whether the store is open for any part of the hour.';
COMMENT ON COLUMN retail.hourly_analytics.business_share IS 'Share of the hour inside opening hours, 0..1.';
COMMENT ON COLUMN retail.hourly_analytics.completeness IS 'Complete intervals / expected intervals, over active devices with an entrance line, 0..1.';
COMMENT ON COLUMN retail.hourly_analytics.is_complete IS 'Whether the hour has ended and every expected interval is complete; false: figures are provisional.';
COMMENT ON COLUMN retail.hourly_analytics.run_id IS 'The run that last changed this row.';
COMMENT ON COLUMN retail.hourly_analytics.input_version IS 'Greatest collected_at of the raw rows that it was made from.';
