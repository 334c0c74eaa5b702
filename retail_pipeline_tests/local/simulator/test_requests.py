import httpx
import pytest

from retail_pipeline_tests.local.simulator.running import LINES_QUERY, SECRET, RunningSimulator

DAY = ("2026-07-09-00:00:00", "2026-07-09-23:59:59")
WRONG = ("svc", "wrong")


@pytest.mark.parametrize(
    ("sensor_id", "auth", "status"),
    [
        pytest.param("open", None, 200, id="a device without credential welcomes anybody"),
        pytest.param("basic", httpx.BasicAuth(*SECRET), 200, id="basic with the secret"),
        pytest.param("basic", httpx.BasicAuth(*WRONG), 401, id="basic with a wrong one"),
        pytest.param("basic", None, 401, id="basic without"),
        pytest.param("basic", httpx.DigestAuth(*SECRET), 401, id="basic does not understand digest"),
        pytest.param("digest", httpx.DigestAuth(*SECRET), 200, id="digest with the secret"),
        pytest.param("digest", httpx.DigestAuth(*WRONG), 401, id="digest with a wrong one"),
        pytest.param("digest", httpx.BasicAuth(*SECRET), 401, id="digest does not take basic"),
        pytest.param("unknown", httpx.BasicAuth(*SECRET), 401, id="a credential nobody set opens nothing"),
    ],
)
def test_a_device_asks_who_calls(
    simulator: RunningSimulator, sensor_id: str, auth: httpx.Auth | None, status: int
) -> None:
    assert simulator.lines(sensor_id, *DAY, auth=auth).status_code == status


def test_requests_are_counted_and_remembered(simulator: RunningSimulator) -> None:
    simulator.lines("open", *DAY)
    simulator.lines("digest", *DAY, auth=httpx.DigestAuth(*SECRET))
    told = simulator.asked()
    assert told["counts"] == {"open": 1, "digest": 2}
    first = told["requests"][0]
    assert (first["method"], first["sensor_id"], first["dw"]) == ("GET", "open", "vcalogcsv")
    assert (first["time_start"], first["time_end"], first["status"]) == (*DAY, 200)
    assert [request["status"] for request in told["requests"]] == [200, 401, 200]
    simulator.client.delete(f"{simulator.base_url}/_requests")
    assert simulator.asked()["counts"] == {}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        pytest.param(f"nobody/dataloader.cgi?{LINES_QUERY}", 404, id="no such device"),
        pytest.param("open/dataloader.cgi?dw=nothing", 404, id="no such report"),
        pytest.param(f"open/dataloader.cgi?{LINES_QUERY}", 400, id="no window"),
        pytest.param(f"open/dataloader.cgi?{LINES_QUERY}&time_start=x&time_end=y", 400, id="no stamps"),
        pytest.param("_truth?sensor=open&start=2026-07-09&end=2026-07-10", 400, id="truth needs a zone"),
        pytest.param("_truth?sensor=nobody&start=2026-07-09T00:00Z&end=2026-07-10T00:00Z", 400, id="truth of nobody"),
    ],
)
def test_what_cannot_be_answered_is_refused(simulator: RunningSimulator, path: str, status: int) -> None:
    assert simulator.client.get(f"{simulator.base_url}/{path}").status_code == status


def test_an_unknown_fault_is_refused_by_name(simulator: RunningSimulator) -> None:
    reply = simulator.client.post(f"{simulator.base_url}/_scenario", json={"sensor": "open", "faults": ["gremlins"]})
    assert reply.status_code == 400
    assert "gremlins" in reply.json()["error"]


def test_the_clock_can_be_moved(simulator: RunningSimulator) -> None:
    frozen = simulator.client.get(f"{simulator.base_url}/_clock").json()
    assert frozen == {"now": "2026-07-10T12:40:00+00:00"}
    moved = simulator.post("_clock", {"offset_seconds": 86400 * 365}).json()
    assert moved["now"] > "2026-07-10T12:40:00+00:00"
