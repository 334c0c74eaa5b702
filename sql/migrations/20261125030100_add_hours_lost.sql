-- Says which gaps a summary knew of: one that is closed later makes its day due again.
ALTER TABLE retail.daily_summaries ADD COLUMN hours_lost integer NOT NULL DEFAULT 0 CHECK (hours_lost >= 0);

COMMENT ON COLUMN retail.daily_summaries.hours_lost IS 'local hours with a gap of line counts that was closed as lost and none that is open. [hours, >= 0, hours_lost.v1] From collection_gaps.';
