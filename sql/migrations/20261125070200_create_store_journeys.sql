-- What the zones of a store say of it. Ratios of zones have the store's own figure below the line, so zones of a kind may be added up.
CREATE VIEW retail.store_journeys WITH (security_invoker = TRUE) AS
SELECT
    hours.store_id,
    stores.name AS store_name,
    hours.organization_id,
    hours.hour_start,
    hours.hour_start AT TIME ZONE stores.timezone AS local_hour_start,
    hours.local_date,
    hours.local_hour,
    hours.trading_day,
    of_zones.pass_on_rate,
    of_zones.browse_share,
    of_zones.checkout_reach,
    of_zones.premium_draw_rate,
    hours.occupancy_max::double precision / stores.capacity AS capacity_use,
    hours.is_complete AND of_zones.is_complete AS is_complete
FROM retail.hourly_analytics AS hours
INNER JOIN retail.stores AS stores ON hours.store_id = stores.store_id
CROSS JOIN LATERAL (
    SELECT
        CASE
            WHEN count(*) FILTER (WHERE zones.kind = 'entrance') = count(by_zone.pass_on_rate) FILTER (WHERE zones.kind = 'entrance')
                THEN sum(by_zone.pass_on_rate) FILTER (WHERE zones.kind = 'entrance')
        END AS pass_on_rate,
        CASE
            WHEN count(*) FILTER (WHERE zones.kind = 'shopping') = count(by_zone.occupancy_share) FILTER (WHERE zones.kind = 'shopping')
                THEN sum(by_zone.occupancy_share) FILTER (WHERE zones.kind = 'shopping')
        END AS browse_share,
        CASE
            WHEN count(*) FILTER (WHERE zones.kind = 'queue') = count(by_zone.draw_rate) FILTER (WHERE zones.kind = 'queue')
                THEN sum(by_zone.draw_rate) FILTER (WHERE zones.kind = 'queue')
        END AS checkout_reach,
        CASE
            WHEN count(*) FILTER (WHERE zones.kind = 'premium') = count(by_zone.draw_rate) FILTER (WHERE zones.kind = 'premium')
                THEN sum(by_zone.draw_rate) FILTER (WHERE zones.kind = 'premium')
        END AS premium_draw_rate,
        coalesce(bool_and(coalesce(by_zone.is_complete, FALSE)), TRUE) AS is_complete
    FROM retail.zones AS zones
    LEFT JOIN retail.zone_hours AS by_zone
        ON
            zones.store_id = by_zone.store_id
            AND zones.zone = by_zone.zone
            AND hours.hour_start = by_zone.hour_start
    WHERE zones.store_id = hours.store_id AND zones.valid_to IS NULL
) AS of_zones;

COMMENT ON VIEW retail.store_journeys IS 'How far people come into a store. One row per store and local hour; over longer periods add up zone_hours and zone_flows, never these ratios.';
COMMENT ON COLUMN retail.store_journeys.pass_on_rate IS 'First impressions: crossings from entrance zones onward / entries. NULL: a zone of the kind is not told, or there is none.';
COMMENT ON COLUMN retail.store_journeys.browse_share IS 'Engagement: mean people in shopping zones / mean people in the store. NULL: a zone of the kind is not told, or there is none.';
COMMENT ON COLUMN retail.store_journeys.checkout_reach IS 'Joins of queue zones / entries; no conversion: nobody knows who bought. NULL: a zone of the kind is not told, or there is none.';
COMMENT ON COLUMN retail.store_journeys.premium_draw_rate IS 'Entries of premium zones / entries. NULL: a zone of the kind is not told, or there is none.';
COMMENT ON COLUMN retail.store_journeys.capacity_use IS 'occupancy_max / capacity of the store; above 1 is too full. NULL: no capacity is stated.';
