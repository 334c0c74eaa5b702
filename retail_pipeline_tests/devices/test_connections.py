"""How many devices are asked at once, where the system lets a process open few files."""

import subprocess
import sys

import pytest

pytest.importorskip("resource", reason="a system without limits of open files")

ASK = """
import resource
from retail_pipeline.devices.connections import connections_at_once
resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))
print(connections_at_once({wanted}), resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


def at_once(wanted: int, soft: int, hard: int) -> tuple[int, int]:
    """Connections that may be open, and files that may be open afterwards."""
    told = subprocess.run(
        [sys.executable, "-c", ASK.format(soft=soft, hard=hard, wanted=wanted)], capture_output=True, check=True
    )
    connections, files = map(int, told.stdout.split())
    return connections, files


@pytest.mark.parametrize(
    ("soft", "hard", "told"),
    [(1000, 1000, (500, 1000)), (256, 1000, (500, 600)), (256, 400, (300, 400))],
    ids=["enough stays as it is", "what is allowed is set", "no more than is allowed"],
)
def test_as_many_connections_as_the_system_allows(soft: int, hard: int, told: tuple[int, int]) -> None:
    assert at_once(500, soft, hard) == told
