"""What a laptop needs: the embedded Postgres and the simulated devices. No SQL of ours, no HTTP client, no Dagster."""
