"""Simulated counting devices on one loopback port, in a process of their own. No HTTP client, no reading of reports."""
