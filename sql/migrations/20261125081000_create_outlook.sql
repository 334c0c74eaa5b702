-- What to expect: staffing by the hour, and when people come.
CREATE TABLE retail.staffing_hours (
    store_id text NOT NULL REFERENCES retail.stores (store_id),
    organization_id text NOT NULL REFERENCES retail.organizations (organization_id),
    local_date date NOT NULL,
    local_hour smallint NOT NULL CHECK (local_hour BETWEEN 0 AND 23),
    expected_entries double precision NOT NULL CHECK (expected_entries >= 0),
    p25 double precision NOT NULL CHECK (p25 >= 0),
    p75 double precision NOT NULL CHECK (p75 >= p25),
    recommended_staff integer CHECK (recommended_staff >= 0),
    expected_wape double precision CHECK (expected_wape >= 0),
    run_id text NOT NULL,
    PRIMARY KEY (store_id, local_date, local_hour)
);

ALTER TABLE retail.staffing_hours ENABLE ROW LEVEL SECURITY;

COMMENT ON TABLE retail.staffing_hours IS 'One row per store, local date and open local hour, up to 14 days ahead; past days keep what had been expected.';
COMMENT ON COLUMN retail.staffing_hours.store_id IS 'The store.';
COMMENT ON COLUMN retail.staffing_hours.organization_id IS 'The owner of the store.';
COMMENT ON COLUMN retail.staffing_hours.local_date IS 'Local calendar date.';
COMMENT ON COLUMN retail.staffing_hours.local_hour IS 'Local clock hour, 0 to 23; one that clocks repeat stands once.';
COMMENT ON COLUMN retail.staffing_hours.run_id IS 'The run that last changed this row.';

CREATE TABLE retail.heat_maps (
    store_id text NOT NULL REFERENCES retail.stores (store_id),
    organization_id text NOT NULL REFERENCES retail.organizations (organization_id),
    zone text NOT NULL,
    weekday smallint NOT NULL CHECK (weekday BETWEEN 1 AND 7),
    local_hour smallint NOT NULL CHECK (local_hour BETWEEN 0 AND 23),
    entries double precision NOT NULL CHECK (entries >= 0),
    share_of_week double precision CHECK (share_of_week BETWEEN 0 AND 1),
    hours integer NOT NULL CHECK (hours > 0),
    run_id text NOT NULL,
    PRIMARY KEY (store_id, zone, weekday, local_hour)
);

ALTER TABLE retail.heat_maps ENABLE ROW LEVEL SECURITY;

COMMENT ON TABLE retail.heat_maps IS 'One row per store, zone (* is the whole store), weekday and local hour: the mean of the last 4 weeks.';
COMMENT ON COLUMN retail.heat_maps.store_id IS 'The store.';
COMMENT ON COLUMN retail.heat_maps.organization_id IS 'The owner of the store.';
COMMENT ON COLUMN retail.heat_maps.zone IS 'The zone; * is the store as a whole.';
COMMENT ON COLUMN retail.heat_maps.weekday IS 'Local weekday, 1 is Monday, 7 is Sunday.';
COMMENT ON COLUMN retail.heat_maps.local_hour IS 'Local clock hour, 0 to 23.';
COMMENT ON COLUMN retail.heat_maps.run_id IS 'The run that last changed this row.';

-- What each figure means, in the words of the metric registry.
COMMENT ON COLUMN retail.heat_maps.entries IS 'mean entries of the local weekday and hour over the last 4 weeks, of the store (zone *) or a zone. [people, >= 0, heat.v1] From hourly_analytics, complete hours.';
COMMENT ON COLUMN retail.heat_maps.share_of_week IS 'entries / entries of all weekdays and hours. [share, 0..1, heat.v1] From hourly_analytics, complete hours. NULL: nobody came.';
COMMENT ON COLUMN retail.heat_maps.hours IS 'complete hours that the mean is of. [hours, >= 1, heat.v1] From hourly_analytics, complete hours.';
COMMENT ON COLUMN retail.staffing_hours.expected_entries IS 'median entries of the same local weekday and hour over the last 4 weeks. [people, >= 0, expected.v1] From hourly_analytics, complete hours.';
COMMENT ON COLUMN retail.staffing_hours.p25 IS 'lower quartile of the same entries. [people, >= 0, expected.v1] From hourly_analytics, complete hours.';
COMMENT ON COLUMN retail.staffing_hours.p75 IS 'upper quartile of the same entries. [people, >= 0, expected.v1] From hourly_analytics, complete hours.';
COMMENT ON COLUMN retail.staffing_hours.recommended_staff IS 'expected_entries / entries_per_staff_hour, rounded up. [people, >= 0, staff.v1] From expected_entries, the fleet file. NULL: the store declares no entries_per_staff_hour.';
COMMENT ON COLUMN retail.staffing_hours.expected_wape IS 'sum of absolute errors / sum of entries of that median over the last 4 weeks, told a week ahead. [share, >= 0, expected.v1] From hourly_analytics, complete hours. NULL: nobody came, or too little is known.';
COMMENT ON COLUMN retail.conversion_days.conversion_rate IS 'transactions / entries. [share, >= 0, conversion.v1] From transactions, hourly_analytics. NULL: nobody came, or one of them is unknown.';
COMMENT ON COLUMN retail.conversion_days.average_transaction_value IS 'sales / transactions. [money, conversion.v1] From transactions. NULL: nothing was sold.';
COMMENT ON COLUMN retail.conversion_days.sales_per_entry IS 'sales / entries. [money, conversion.v1] From transactions, hourly_analytics. NULL: nobody came, or one of them is unknown.';
COMMENT ON COLUMN retail.conversion_days.opportunity IS 'max(0, target_conversion_rate - conversion_rate) x entries x average_transaction_value. [money, >= 0, conversion.v1] From transactions, hourly_analytics. NULL: the store declares no target_conversion_rate, or one of them is unknown.';
COMMENT ON COLUMN retail.conversion_hours.conversion_rate IS 'transactions / entries. [share, >= 0, conversion.v1] From transactions, hourly_analytics. NULL: nobody came, or one of them is unknown.';
COMMENT ON COLUMN retail.conversion_hours.average_transaction_value IS 'sales / transactions. [money, conversion.v1] From transactions. NULL: nothing was sold.';
COMMENT ON COLUMN retail.conversion_hours.sales_per_entry IS 'sales / entries. [money, conversion.v1] From transactions, hourly_analytics. NULL: nobody came, or one of them is unknown.';
COMMENT ON COLUMN retail.conversion_hours.opportunity IS 'max(0, target_conversion_rate - conversion_rate) x entries x average_transaction_value. [money, >= 0, conversion.v1] From transactions, hourly_analytics. NULL: the store declares no target_conversion_rate, or one of them is unknown.';

DO $$
DECLARE
    outsider text;
BEGIN
    FOR outsider IN SELECT rolname FROM pg_roles WHERE rolname IN ('anon', 'authenticated') LOOP
        EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA retail FROM %I', outsider);
    END LOOP;
END
$$;
