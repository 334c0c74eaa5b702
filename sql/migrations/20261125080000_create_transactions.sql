-- Sales of a store by hour, where a till's export is loaded or another system writes them; conversion is computed from them.
CREATE TABLE retail.transactions (
    store_id text NOT NULL REFERENCES retail.stores (store_id),
    organization_id text NOT NULL REFERENCES retail.organizations (organization_id),
    hour_start timestamptz NOT NULL,
    transactions integer NOT NULL CHECK (transactions >= 0),
    sales numeric(14, 2),
    units integer,
    source text NOT NULL,
    loaded_at timestamptz NOT NULL,
    PRIMARY KEY (store_id, hour_start)
);

ALTER TABLE retail.transactions ENABLE ROW LEVEL SECURITY;

COMMENT ON TABLE retail.transactions IS 'One row per store and local clock hour for which sales are known; an hour without a sale has a row with 0.';
COMMENT ON COLUMN retail.transactions.store_id IS 'The store.';
COMMENT ON COLUMN retail.transactions.organization_id IS 'The owner of the store.';
COMMENT ON COLUMN retail.transactions.hour_start IS 'Start of the local clock hour, as an instant.';
COMMENT ON COLUMN retail.transactions.transactions IS 'Sales slips in the hour.';
COMMENT ON COLUMN retail.transactions.sales IS 'Net sales in the store''s currency, refunds taken off; NULL: not told.';
COMMENT ON COLUMN retail.transactions.units IS 'Articles sold, returns taken off; NULL: not told.';
COMMENT ON COLUMN retail.transactions.source IS 'Name of the file, or of the system that wrote the row.';
COMMENT ON COLUMN retail.transactions.loaded_at IS 'When the row was last written.';

CREATE TABLE retail.rejected_transactions (
    source text NOT NULL,
    row_number integer NOT NULL CHECK (row_number >= 1),
    row text NOT NULL,
    reason text NOT NULL,
    store_id text REFERENCES retail.stores (store_id),
    organization_id text REFERENCES retail.organizations (organization_id),
    seen_at timestamptz NOT NULL,
    PRIMARY KEY (source, row_number, seen_at)
);

ALTER TABLE retail.rejected_transactions ENABLE ROW LEVEL SECURITY;

COMMENT ON TABLE retail.rejected_transactions IS 'Rows of loaded files that cannot be true. One row per file, line and attempt; good rows of the file were loaded.';
COMMENT ON COLUMN retail.rejected_transactions.source IS 'Name of the file.';
COMMENT ON COLUMN retail.rejected_transactions.row_number IS 'Row of the file below its header, from 1.';
COMMENT ON COLUMN retail.rejected_transactions.row IS 'The row as it stands in the file.';
COMMENT ON COLUMN retail.rejected_transactions.reason IS 'What is wrong with it.';
COMMENT ON COLUMN retail.rejected_transactions.store_id IS 'The store; NULL where the row names none that is declared.';
COMMENT ON COLUMN retail.rejected_transactions.organization_id IS 'The owner of the store; NULL where that is not known.';
COMMENT ON COLUMN retail.rejected_transactions.seen_at IS 'When the file was loaded.';

ALTER TABLE retail.stores ADD COLUMN target_conversion_rate double precision
CHECK (target_conversion_rate > 0 AND target_conversion_rate <= 1);
COMMENT ON COLUMN retail.stores.target_conversion_rate IS 'Transactions per entry that the store aims at, 0..1; NULL: none stated.';

CREATE VIEW retail.conversion_hours WITH (security_invoker = TRUE) AS
SELECT
    rated.*,
    -- NULL where no target is stated or nobody came; greatest() would pass over a NULL and say 0.
    CASE
        WHEN rated.target_conversion_rate > rated.conversion_rate
            THEN (rated.target_conversion_rate - rated.conversion_rate) * rated.entries * rated.average_transaction_value
        WHEN rated.target_conversion_rate <= rated.conversion_rate THEN 0
    END AS opportunity
FROM (
    SELECT
        hours.store_id,
        hours.organization_id,
        hours.hour_start,
        hours.local_date,
        hours.local_hour,
        hours.trading_day,
        hours.entries,
        sold.transactions,
        sold.sales,
        sold.units,
        stores.target_conversion_rate,
        sold.transactions::double precision / nullif(hours.entries, 0) AS conversion_rate,
        (sold.sales / nullif(sold.transactions, 0))::double precision AS average_transaction_value,
        (sold.sales / nullif(hours.entries, 0))::double precision AS sales_per_entry
    FROM retail.transactions AS sold
    INNER JOIN retail.hourly_analytics AS hours
        ON sold.store_id = hours.store_id AND sold.hour_start = hours.hour_start
    INNER JOIN retail.stores AS stores ON sold.store_id = stores.store_id
    WHERE hours.is_complete AND hours.entries IS NOT NULL
) AS rated;

COMMENT ON VIEW retail.conversion_hours IS
'One row per store and local hour whose entries are complete and whose sales are known; rates are NULL where nobody came or nothing was sold.';

CREATE VIEW retail.conversion_days WITH (security_invoker = TRUE) AS
SELECT
    rated.*,
    CASE
        WHEN rated.target_conversion_rate > rated.conversion_rate
            THEN (rated.target_conversion_rate - rated.conversion_rate) * rated.entries * rated.average_transaction_value
        WHEN rated.target_conversion_rate <= rated.conversion_rate THEN 0
    END AS opportunity
FROM (
    SELECT
        store_id,
        organization_id,
        trading_day,
        target_conversion_rate,
        count(*) AS hours_compared,
        sum(entries) AS entries,
        sum(transactions) AS transactions,
        CASE WHEN count(sales) = count(*) THEN sum(sales) END AS sales,
        CASE WHEN count(units) = count(*) THEN sum(units) END AS units,
        sum(transactions)::double precision / nullif(sum(entries), 0) AS conversion_rate,
        CASE WHEN count(sales) = count(*) THEN (sum(sales) / nullif(sum(transactions), 0))::double precision END
            AS average_transaction_value,
        CASE WHEN count(sales) = count(*) THEN (sum(sales) / nullif(sum(entries), 0))::double precision END
            AS sales_per_entry
    FROM retail.conversion_hours
    GROUP BY store_id, organization_id, trading_day, target_conversion_rate
) AS rated;

COMMENT ON VIEW retail.conversion_days IS
'One row per store and trading day, from the sums of the hours in which both entries and sales are known (hours_compared).';

DO $$
DECLARE
    outsider text;
BEGIN
    FOR outsider IN SELECT rolname FROM pg_roles WHERE rolname IN ('anon', 'authenticated') LOOP
        EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA retail FROM %I', outsider);
    END LOOP;
END
$$;
