-- A device may repeat the credential that it was asked with, in an error page for instance. It is blotted out before the
-- reply is parsed or kept, so that what is kept is what was parsed, and a replay reads the same.
ALTER TABLE retail.device_replies ADD COLUMN blots integer NOT NULL DEFAULT 0 CHECK (blots >= 0);

COMMENT ON COLUMN retail.device_replies.blots IS 'In how many places the device repeated its credential; there the body holds *** instead. 0: the body is as received.';
COMMENT ON COLUMN retail.device_replies.body IS 'The body as received, gzip, but for blots, which a replay reads as collecting did; NULL: none came.';
COMMENT ON COLUMN retail.device_replies.sha256 IS 'Hex digest of the body as it is kept, before compression: of the bytes that were received where blots is 0.';
