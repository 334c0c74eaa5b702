CREATE TABLE retail.zone_hours (
    store_id text NOT NULL REFERENCES retail.stores (store_id),
    organization_id text NOT NULL REFERENCES retail.organizations (organization_id),
    zone text NOT NULL,
    hour_start timestamptz NOT NULL,
    hour_end timestamptz NOT NULL,
    local_date date NOT NULL,
    local_hour smallint NOT NULL CHECK (local_hour BETWEEN 0 AND 23),
    trading_day date NOT NULL,
    zone_kind text NOT NULL CHECK (zone_kind IN ('entrance', 'shopping', 'queue', 'premium')),
    entries integer CHECK (entries >= 0),
    exits integer CHECK (exits >= 0),
    occupancy_mean double precision CHECK (occupancy_mean >= 0),
    occupancy_max integer CHECK (occupancy_max >= 0),
    occupancy_mean_corrected double precision CHECK (occupancy_mean_corrected >= 0),
    occupancy_source text NOT NULL CHECK (occupancy_source IN ('lines', 'estimated', 'not_measurable')),
    occupancy_reason text,
    stays integer CHECK (stays >= 0),
    draw_rate double precision CHECK (draw_rate >= 0),
    occupancy_share double precision CHECK (occupancy_share >= 0),
    pass_on_rate double precision CHECK (pass_on_rate >= 0),
    dwell_minutes double precision CHECK (dwell_minutes >= 0),
    queue_length_mean double precision CHECK (queue_length_mean >= 0),
    queue_length_max integer CHECK (queue_length_max >= 0),
    wait_minutes double precision CHECK (wait_minutes >= 0),
    wait_valid boolean,
    is_complete boolean NOT NULL,
    run_id text NOT NULL,
    input_version timestamptz NOT NULL,
    PRIMARY KEY (store_id, zone, hour_start),
    CONSTRAINT zone_hours_hour CHECK (hour_end > hour_start)
);

CREATE INDEX zone_hours_by_store ON retail.zone_hours (store_id, hour_start);
CREATE INDEX zone_hours_by_time ON retail.zone_hours USING brin (hour_start) WITH (pages_per_range = 32);

ALTER TABLE retail.zone_hours ENABLE ROW LEVEL SECURITY;

COMMENT ON TABLE retail.zone_hours IS 'Zones by the hour. One row per store, zone and local clock hour that a line or a region of the zone reported.';
COMMENT ON COLUMN retail.zone_hours.store_id IS 'The store.';
COMMENT ON COLUMN retail.zone_hours.organization_id IS 'The owner of the store.';
COMMENT ON COLUMN retail.zone_hours.zone IS 'The zone of the store.';
COMMENT ON COLUMN retail.zone_hours.hour_start IS 'Start of the local clock hour, as an instant.';
COMMENT ON COLUMN retail.zone_hours.hour_end IS 'End of the local clock hour, exclusive.';
COMMENT ON COLUMN retail.zone_hours.local_date IS 'Local calendar date.';
COMMENT ON COLUMN retail.zone_hours.local_hour IS 'Local clock hour, 0 to 23; it comes twice when clocks go back.';
COMMENT ON COLUMN retail.zone_hours.trading_day IS 'Trading day of the store that the hour belongs to.';
COMMENT ON COLUMN retail.zone_hours.zone_kind IS 'entrance, shopping, queue or premium.';
COMMENT ON COLUMN retail.zone_hours.occupancy_reason IS 'Why counted lines do not tell the occupancy; NULL where they do.';
COMMENT ON COLUMN retail.zone_hours.is_complete IS 'Whether every line and region of the zone was counted through the whole hour; false: figures are provisional.';
COMMENT ON COLUMN retail.zone_hours.run_id IS 'The run that last changed this row.';
COMMENT ON COLUMN retail.zone_hours.input_version IS 'Greatest collected_at of the rows that it was made from.';

CREATE TABLE retail.zone_flows (
    store_id text NOT NULL REFERENCES retail.stores (store_id),
    organization_id text NOT NULL REFERENCES retail.organizations (organization_id),
    hour_start timestamptz NOT NULL,
    hour_end timestamptz NOT NULL,
    local_date date NOT NULL,
    local_hour smallint NOT NULL CHECK (local_hour BETWEEN 0 AND 23),
    trading_day date NOT NULL,
    from_area text NOT NULL,
    to_area text NOT NULL,
    people integer NOT NULL CHECK (people >= 0),
    is_complete boolean NOT NULL,
    run_id text NOT NULL,
    input_version timestamptz NOT NULL,
    PRIMARY KEY (store_id, hour_start, from_area, to_area),
    CONSTRAINT zone_flows_hour CHECK (hour_end > hour_start),
    CONSTRAINT zone_flows_way CHECK (from_area <> to_area)
);

CREATE INDEX zone_flows_by_time ON retail.zone_flows USING brin (hour_start) WITH (pages_per_range = 32);

ALTER TABLE retail.zone_flows ENABLE ROW LEVEL SECURITY;

COMMENT ON TABLE retail.zone_flows IS 'Journeys: people who went from one area to another. One row per store, local clock hour and way.';
COMMENT ON COLUMN retail.zone_flows.store_id IS 'The store.';
COMMENT ON COLUMN retail.zone_flows.organization_id IS 'The owner of the store.';
COMMENT ON COLUMN retail.zone_flows.hour_start IS 'Start of the local clock hour, as an instant.';
COMMENT ON COLUMN retail.zone_flows.hour_end IS 'End of the local clock hour, exclusive.';
COMMENT ON COLUMN retail.zone_flows.local_date IS 'Local calendar date.';
COMMENT ON COLUMN retail.zone_flows.local_hour IS 'Local clock hour, 0 to 23; it comes twice when clocks go back.';
COMMENT ON COLUMN retail.zone_flows.trading_day IS 'Trading day of the store that the hour belongs to.';
COMMENT ON COLUMN retail.zone_flows.from_area IS 'Where they came from: a zone, outside or street.';
COMMENT ON COLUMN retail.zone_flows.to_area IS 'Where they went: a zone, outside or street.';
COMMENT ON COLUMN retail.zone_flows.is_complete IS 'Whether every line between the two areas was counted through the whole hour.';
COMMENT ON COLUMN retail.zone_flows.run_id IS 'The run that last changed this row.';
COMMENT ON COLUMN retail.zone_flows.input_version IS 'Greatest collected_at of the raw rows that it was made from.';

CREATE TABLE retail.queue_alerts (
    store_id text NOT NULL REFERENCES retail.stores (store_id),
    organization_id text NOT NULL REFERENCES retail.organizations (organization_id),
    zone text NOT NULL,
    hour_start timestamptz NOT NULL,
    hour_end timestamptz NOT NULL,
    local_date date NOT NULL,
    local_hour smallint NOT NULL CHECK (local_hour BETWEEN 0 AND 23),
    trading_day date NOT NULL,
    queue_length_max integer CHECK (queue_length_max >= 0),
    wait_minutes double precision CHECK (wait_minutes >= 0),
    threshold text NOT NULL,
    is_complete boolean NOT NULL,
    run_id text NOT NULL,
    input_version timestamptz NOT NULL,
    PRIMARY KEY (store_id, zone, hour_start),
    CONSTRAINT queue_alerts_hour CHECK (hour_end > hour_start)
);

CREATE INDEX queue_alerts_by_time ON retail.queue_alerts (hour_start);

ALTER TABLE retail.queue_alerts ENABLE ROW LEVEL SECURITY;

COMMENT ON TABLE retail.queue_alerts IS 'Hours in which a queue passed a limit of its store. One row per store, zone of kind queue and local clock hour.';
COMMENT ON COLUMN retail.queue_alerts.store_id IS 'The store.';
COMMENT ON COLUMN retail.queue_alerts.organization_id IS 'The owner of the store.';
COMMENT ON COLUMN retail.queue_alerts.zone IS 'The queue.';
COMMENT ON COLUMN retail.queue_alerts.hour_start IS 'Start of the local clock hour, as an instant.';
COMMENT ON COLUMN retail.queue_alerts.hour_end IS 'End of the local clock hour, exclusive.';
COMMENT ON COLUMN retail.queue_alerts.local_date IS 'Local calendar date.';
COMMENT ON COLUMN retail.queue_alerts.local_hour IS 'Local clock hour, 0 to 23; it comes twice when clocks go back.';
COMMENT ON COLUMN retail.queue_alerts.trading_day IS 'Trading day of the store that the hour belongs to.';
COMMENT ON COLUMN retail.queue_alerts.is_complete IS 'Whether the hour of the zone is complete; false: the queue may still grow.';
COMMENT ON COLUMN retail.queue_alerts.run_id IS 'The run that last changed this row.';
COMMENT ON COLUMN retail.queue_alerts.input_version IS 'Greatest collected_at of the rows that it was made from.';

COMMENT ON COLUMN retail.queue_alerts.queue_length_max IS 'queue_length_max of the hour. [people, >= 0, queue.v1] From zone_hours. NULL: it is NULL in zone_hours.';
COMMENT ON COLUMN retail.queue_alerts.wait_minutes IS 'wait_minutes of the hour. [minutes, >= 0, wait.v1] From zone_hours. NULL: it is NULL in zone_hours.';
COMMENT ON COLUMN retail.queue_alerts.threshold IS 'the limits of queue_alert that were passed, as the fleet file writes them. [limits, queue_alert.v1] From queue_alert of the fleet file.';
COMMENT ON COLUMN retail.zone_flows.people IS 'crossings from one area to the other, over all lines between them. [people, >= 0, flow.v1] From raw_sensor_counts, lines with areas.';
COMMENT ON COLUMN retail.zone_hours.entries IS 'crossings into the zone. [people, >= 0, zone_entries.v1] From virtual_region_occupancy. NULL: no line bounds the zone.';
COMMENT ON COLUMN retail.zone_hours.exits IS 'crossings out of the zone. [people, >= 0, zone_exits.v1] From virtual_region_occupancy. NULL: no line bounds the zone.';
COMMENT ON COLUMN retail.zone_hours.occupancy_mean IS 'occupancy weighted by the length of the interval (occupancy_source lines), or stays x typical_stay_minutes / 60 (estimated). [people, >= 0, zone_occupancy.v1] From virtual_region_occupancy, or regional_counts. NULL: occupancy_source is not_measurable.';
COMMENT ON COLUMN retail.zone_hours.occupancy_max IS 'greatest occupancy at the end of an interval of the hour. [people, >= 0, zone_occupancy.v1] From virtual_region_occupancy. NULL: occupancy_source is not lines.';
COMMENT ON COLUMN retail.zone_hours.occupancy_mean_corrected IS 'occupancy weighted by the length of the interval, with the cumulative curve of the smaller side of the trading day scaled so that the day nets to zero. [people, >= 0, zone_occupancy_corrected.v1] From virtual_region_occupancy. NULL: the trading day was not counted whole yet, one side of it is zero, or occupancy_source is not lines.';
COMMENT ON COLUMN retail.zone_hours.occupancy_source IS 'how the occupancy is known: counted lines, an estimate out of stays, or not at all. [name, lines, estimated, not_measurable, zone_occupancy.v1] From line graph and typical_stay_minutes of the fleet file.';
COMMENT ON COLUMN retail.zone_hours.stays IS 'stays in the zone''s regions, as the device counts them: neither occupancy nor unique people. [stays, >= 0, stays.v1] From regional_counts. NULL: no device reports the zone as a region.';
COMMENT ON COLUMN retail.zone_hours.draw_rate IS 'zone entries / store entries; above 1 where people come back. [ratio, >= 0, draw.v1] From zone_hours, hourly_analytics. NULL: entries of either are unknown, or nobody came.';
COMMENT ON COLUMN retail.zone_hours.occupancy_share IS 'zone occupancy_mean / store occupancy_mean; over the shopping zones added up it is browse_share. [ratio, >= 0, zone_occupancy_share.v1] From zone_hours, hourly_analytics. NULL: occupancy_source is not lines, or nobody was in the store.';
COMMENT ON COLUMN retail.zone_hours.pass_on_rate IS 'crossings from an entrance zone to another zone / store entries. [ratio, >= 0, pass_on.v1] From zone_flows, hourly_analytics. NULL: the zone is of another kind, no line leads onward, or nobody came.';
COMMENT ON COLUMN retail.zone_hours.dwell_minutes IS 'occupancy_mean / zone entries per minute (Little''s law), in a complete hour with at least 5 entries, entries and exits within 25 % of the larger. [minutes, >= 0, zone_dwell.v1] From virtual_region_occupancy. NULL: that does not hold, or occupancy_source is not lines.';
COMMENT ON COLUMN retail.zone_hours.queue_length_mean IS 'occupancy_mean of a zone of kind queue. [people, >= 0, queue.v1] From virtual_region_occupancy. NULL: the zone is of another kind, or occupancy_source is not lines.';
COMMENT ON COLUMN retail.zone_hours.queue_length_max IS 'occupancy_max of a zone of kind queue. [people, >= 0, queue.v1] From virtual_region_occupancy. NULL: the zone is of another kind, or occupancy_source is not lines.';
COMMENT ON COLUMN retail.zone_hours.wait_minutes IS 'queue_length_mean / joins per minute (Little''s law). [minutes, >= 0, wait.v1] From virtual_region_occupancy. NULL: wait_valid is not true.';
COMMENT ON COLUMN retail.zone_hours.wait_valid IS 'the hour was counted to its end, somebody joined, joins and leaves are within 25 % of the larger, and the zone was not reset in the hour: the trading day did not begin in it, nor had more people left than come. [yes or no, wait.v1] From virtual_region_occupancy. NULL: the zone is not of kind queue.';
