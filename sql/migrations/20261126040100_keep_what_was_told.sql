-- Estimates, comparisons and letters are told of rows that are not complete; what they were is kept too.
COMMENT ON TABLE retail.revisions IS 'One row per figure that changed, or vanished, after its row had been complete; of estimates, comparisons and letters, after they were told.';
