-- The causes that a gap can have, in one place. NOT VALID: rows of before keep the words that they were written with.
ALTER TABLE retail.collection_gaps
ADD CONSTRAINT collection_gaps_cause CHECK (
    cause IN (
        'unreachable', 'refused', 'not_a_report', 'malformed', 'device_off', 'clock_change', 'not_yet_collected', 'store_failed'
    )
) NOT VALID;

COMMENT ON COLUMN retail.collection_gaps.cause IS 'Why, when last tried: unreachable, refused, not_a_report or malformed (the device), store_failed (its reply could not be kept), not_yet_collected (nobody asked), clock_change or device_off (never asked again).';
COMMENT ON COLUMN retail.collection_gaps.closed_as_lost_at IS 'When it was given up: the deadline passed, or nothing could ever come (clock_change, device_off); NULL: open or recovered.';
