-- What a reading of a reply depends on beside its bytes: without it, a replay could only guess what collecting did.
ALTER TABLE retail.device_replies ADD COLUMN polled_at timestamptz;
ALTER TABLE retail.device_replies ADD COLUMN timezone text;

COMMENT ON COLUMN retail.device_replies.polled_at IS 'When the poll began that asked; replies of one poll were written together. NULL: received before this was kept.';
COMMENT ON COLUMN retail.device_replies.timezone IS 'IANA zone that the fleet file gave the clock of the device then: the zone of request and stamps. NULL: not kept.';

CREATE INDEX device_replies_by_window ON retail.device_replies USING brin (window_start) WITH (pages_per_range = 32);

-- A row that a later reading takes is not deleted: somebody may have decided by the figure that lacked it.
ALTER TABLE retail.rejected_rows ADD COLUMN resolved_at timestamptz;
ALTER TABLE retail.rejected_rows ADD COLUMN resolution text CHECK (resolution IN ('accepted', 'refused_otherwise'));
ALTER TABLE retail.rejected_rows ADD CONSTRAINT rejected_rows_resolved CHECK ((resolved_at IS NULL) = (resolution IS NULL));

COMMENT ON COLUMN retail.rejected_rows.resolved_at IS 'When a replay ceased to refuse it for this reason; NULL: it is refused.';
COMMENT ON COLUMN retail.rejected_rows.resolution IS 'accepted: believed now, or known as padding; refused_otherwise: stands again with another reason; NULL: it is refused.';
