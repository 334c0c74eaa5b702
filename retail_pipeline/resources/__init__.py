"""Thin Dagster resources that build and close what the layers above offer. No logic, no SQL, no HTTP."""
