"""The demo: four simulated shops, so that the pipeline has something to count before anybody owns a device.

Which people come belongs in `simulator`; the fleet itself is `data/demo.yaml`.
"""

from collections.abc import Mapping
from pathlib import Path

from pydantic import HttpUrl

from retail_pipeline.fleet.load import load_fleet
from retail_pipeline.fleet.models import Device, Fleet

_DATA = Path(__file__).absolute().parent / "data"


def demo_fleet_path() -> Path:
    """The demo's fleet file."""
    return _DATA / "demo.yaml"


def demo_scenario_path() -> Path:
    """How the demo's devices behave."""
    return _DATA / "demo_scenario.yaml"


def demo_environment() -> dict[str, str]:
    """The demo's secret, which opens simulated devices on this machine and nothing else."""
    return {"RETAIL_CREDENTIAL_DEMO_USERNAME": "svc", "RETAIL_CREDENTIAL_DEMO_PASSWORD": "simulated-devices-only"}


def demo_fleet(base_url: str | None = None) -> Fleet:
    """The demo fleet, its devices at `base_url` (such as `http://127.0.0.1:8801`); None: as the file says."""
    fleet = load_fleet(demo_fleet_path())
    return fleet if base_url is None else pointed_at(fleet, base_url)


def pointed_at(fleet: Fleet, base_url: str, ports: Mapping[str, int] | None = None) -> Fleet:
    """The fleet with its devices at a simulator, those in `ports` at another port: a router that forwards to nobody."""
    stores = [
        store.model_copy(update={"sensors": tuple(_moved(device, base_url, ports or {}) for device in store.sensors)})
        for store in fleet.stores
    ]
    return Fleet(organizations=fleet.organizations, stores=tuple(stores))


def _moved(device: Device, base_url: str, ports: Mapping[str, int]) -> Device:
    url = HttpUrl(f"{_at_port(base_url, ports.get(device.id))}/{device.id}")
    return device.model_copy(update={"url": url})


def _at_port(base_url: str, port: int | None) -> str:
    base = base_url.rstrip("/")
    return base if port is None else f"{base.rpartition(':')[0]}:{port}"
