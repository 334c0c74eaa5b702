"""Postgres: migrations, COPY writes, Arrow reads. The only importer of psycopg and adbc.

No Dagster here, no arithmetic on figures, and no clock: who calls says what time it is.
"""
