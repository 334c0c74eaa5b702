"""The work of one run, whole and without Dagster: collect, derive, summarise, recover, judge health."""
