"""Simulated counting devices on one loopback port, in a process of their own. No HTTP client, no reading of reports."""

from retail_pipeline.local.simulator.handle import SimulatorHandle, ensure_simulator

__all__ = ["SimulatorHandle", "ensure_simulator"]
