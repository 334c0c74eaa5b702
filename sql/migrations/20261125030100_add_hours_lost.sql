-- Says which gaps a summary knew of: one that is closed later makes its day due again.
ALTER TABLE retail.daily_summaries ADD COLUMN hours_lost integer NOT NULL DEFAULT 0 CHECK (hours_lost >= 0);

COMMENT ON COLUMN retail.daily_summaries.hours_lost IS 'Local hours of the trading day whose gap was closed as lost when it was summed up.';
