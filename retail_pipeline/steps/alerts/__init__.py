"""Alerts: what fails, how it is told, and who has been told. No Dagster, and nothing is sent from here by itself."""
