-- At the first start of compose's own Postgres: Dagster's records beside the warehouse `retail`.
CREATE DATABASE dagster;
