"""When things happen: jobs, schedules, Dagster sensors, automation conditions, freshness."""
