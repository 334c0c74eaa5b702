"""What a device answers, as the client tells it: one table of status to error, and who is asked how often."""

import asyncio
import base64
import datetime as dt
import gc
import threading

import httpx
import pytest

from retail_pipeline.devices.auth import env_credentials
from retail_pipeline.devices.client import Answer, fetch_all, fetch_in_parts
from retail_pipeline.devices.models import Ask, ClientLimits, Failure, Reply
from retail_pipeline.fleet.models import Report
from retail_pipeline_tests.shops import door, fleet_of, shop, utc

REPORT = b"StartTime, EndTime\r\n"
SECRETS = {"RETAIL_CREDENTIAL_SHOPS_USERNAME": "svc", "RETAIL_CREDENTIAL_SHOPS_PASSWORD": "a-test-password"}
IMPATIENT = ClientLimits(total_s=2.0, attempts=2, max_csv_bytes=1000)


def an_ask(**declared) -> Ask:
    store = fleet_of(shop("shop-1", door("door", **declared))).stores[0]
    start = utc("2026-07-18 00:00")
    return Ask(store, store.sensors[0], Report.LINES, start, start + dt.timedelta(hours=24))


def answers(handler, *asks, environment=SECRETS):
    return fetch_all(asks, env_credentials(environment), IMPATIENT, httpx.MockTransport(handler))


@pytest.mark.parametrize(
    ("status", "cause", "attempts"),
    [
        (401, "refused", 1),
        (403, "refused", 1),
        (302, "not_a_report", 1),
        (404, "not_a_report", 1),
        (429, "unreachable", 2),
        (500, "unreachable", 2),
        (501, "unreachable", 1),
        (502, "unreachable", 2),
        (503, "unreachable", 2),
    ],
)
def test_every_status_has_its_cause_and_only_passing_trouble_is_asked_again(status, cause, attempts) -> None:
    headers = {"Location": "http://elsewhere.example/", "Retry-After": "0"}
    [answer] = answers(lambda _: httpx.Response(status, headers=headers), an_ask())

    assert isinstance(answer, Failure)
    assert (answer.error.cause, answer.status, answer.attempts) == (cause, status, attempts)
    assert "door" in str(answer.error)


def test_a_report_comes_with_the_device_s_clock_and_the_secret_is_sent() -> None:
    seen = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, content=REPORT, headers={"Date": "Sat, 18 Jul 2026 10:00:00 GMT"})

    [answer] = answers(handler, an_ask(credential="SHOPS"))

    assert isinstance(answer, Reply)
    assert answer.body == REPORT
    assert answer.device_clock == utc("2026-07-18 10:00")
    assert seen[0].headers["Authorization"] == "Basic " + base64.b64encode(b"svc:a-test-password").decode()
    assert "a-test-password" not in repr(answer)


def test_digest_is_answered_and_a_wrong_secret_refused() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        if "Authorization" in request.headers:
            return httpx.Response(200, content=REPORT)
        return httpx.Response(401, headers={"WWW-Authenticate": 'Digest realm="r", nonce="n", qop="auth"'})

    [answer] = answers(handler, an_ask(credential="SHOPS", auth="digest"))

    assert isinstance(answer, Reply)


def test_without_a_secret_nothing_is_sent_and_the_variables_are_named() -> None:
    [answer] = answers(lambda _: httpx.Response(200), an_ask(credential="SHOPS"), environment={})

    assert isinstance(answer, Failure)
    assert (answer.error.cause, answer.attempts) == ("refused", 0)
    assert "RETAIL_CREDENTIAL_SHOPS_PASSWORD" in str(answer.error)


def test_a_body_over_the_cap_is_not_read_to_its_end() -> None:
    [answer] = answers(lambda _: httpx.Response(200, content=b"x" * 100_000), an_ask())

    assert isinstance(answer, Failure)
    assert answer.error.cause == "not_a_report"


@pytest.mark.parametrize(
    "error",
    [httpx.ConnectError("no route"), httpx.ConnectTimeout("slow"), httpx.ReadTimeout("slow"), httpx.ReadError("cut")],
    ids=["no connection", "nobody answers", "the reply stops", "the connection is cut"],
)
def test_trouble_of_the_network_is_unreachable(error) -> None:
    def handler(_: httpx.Request) -> httpx.Response:
        raise error

    [answer] = answers(handler, an_ask())

    assert isinstance(answer, Failure)
    assert (answer.error.cause, answer.status) == ("unreachable", None)


def test_a_device_that_is_offline_is_not_asked_for_every_day_again() -> None:
    calls = []

    def handler(request: httpx.Request) -> httpx.Response:
        calls.append(request)
        raise httpx.ConnectError("no route")

    found = answers(handler, *[an_ask() for _ in range(10)])

    assert [answer.attempts for answer in found] == [2, *[0] * 9]
    assert len(calls) == 2


def test_answers_stand_in_the_order_of_the_asks_and_are_told_as_they_come() -> None:
    told: list[object] = []
    stores = fleet_of(*(shop(f"shop-{n}", door(f"door-{n}")) for n in range(5))).stores
    start = utc("2026-07-18 00:00")
    asks = [Ask(store, store.sensors[0], Report.LINES, start, start + dt.timedelta(hours=24)) for store in stores]

    found = fetch_all(
        asks, env_credentials({}), transport=httpx.MockTransport(lambda _: httpx.Response(200)), on_answer=told.append
    )

    assert [answer.ask.device.id for answer in found] == [f"door-{n}" for n in range(5)]
    assert len(told) == 5


def test_a_probe_is_asked_once() -> None:
    probe = an_ask()
    [answer] = answers(
        lambda _: httpx.Response(502),
        Ask(probe.store, probe.device, probe.report, probe.start, probe.end, is_probe=True),
    )

    assert answer.attempts == 1


def test_a_probe_that_fails_spares_the_device_all_other_asks() -> None:
    first = an_ask()
    asks = [Ask(first.store, first.device, first.report, first.start, first.end, is_probe=True) for _ in range(5)]

    assert [answer.attempts for answer in answers(lambda _: httpx.Response(502), *asks)] == [1, 0, 0, 0, 0]


def test_a_window_of_more_than_a_day_is_refused_before_anything_is_lost() -> None:
    ask = an_ask()
    with pytest.raises(ValueError, match="within 24 hours"):
        Ask(ask.store, ask.device, ask.report, ask.start, ask.end + dt.timedelta(hours=1))
    with pytest.raises(ValueError, match="without a zone"):
        Ask(ask.store, ask.device, ask.report, ask.start.replace(tzinfo=None), ask.end)


def test_devices_that_hang_keep_nobody_waiting_behind_the_same_router() -> None:
    """Two places at a host, two devices in them that answer only when all others have."""
    names = ("hangs-1", "hangs-2", "well-1", "well-2", "well-3")
    stores = fleet_of(*(shop(name, door(name)) for name in names)).stores
    start = utc("2026-07-18 00:00")
    asks = [Ask(store, store.sensors[0], Report.LINES, start, start + dt.timedelta(hours=24)) for store in stores]
    well: list[str] = []
    all_are_well = asyncio.Event()

    async def handler(request: httpx.Request) -> httpx.Response:
        if "hangs" in request.url.path:
            await all_are_well.wait()
        return httpx.Response(200)

    def told(answer: Answer) -> None:
        if "well" in answer.ask.device.id:
            well.append(answer.ask.device.id)
        if len(well) == 3:
            all_are_well.set()

    limits = ClientLimits(per_host=2, part_s=0.01)
    found = fetch_all(asks, env_credentials({}), limits, httpx.MockTransport(handler), told)

    assert [answer.status for answer in found] == [200] * 5


def test_answers_are_handed_on_while_others_are_still_to_come() -> None:
    stores = fleet_of(shop("well"), shop("hangs")).stores
    start = utc("2026-07-18 00:00")
    asks = [Ask(store, store.sensors[0], Report.LINES, start, start + dt.timedelta(hours=24)) for store in stores]
    has_come = threading.Event()

    async def handler(request: httpx.Request) -> httpx.Response:
        if "hangs" in request.url.path:
            await asyncio.to_thread(has_come.wait)
        return httpx.Response(200)

    parts = fetch_in_parts(asks, env_credentials({}), ClientLimits(part_s=0.01), httpx.MockTransport(handler))
    first = next(one for one in parts if one)
    nothing = next(parts)
    has_come.set()

    assert (first.ask.store.id, nothing) == ("well", None)
    assert [one.ask.store.id for one in parts if one] == ["hangs"]


def test_a_large_fleet_is_handed_on_in_parts_of_a_size() -> None:
    stores = fleet_of(*(shop(f"shop-{n}") for n in range(5))).stores
    start = utc("2026-07-18 00:00")
    asks = [Ask(store, store.sensors[0], Report.LINES, start, start + dt.timedelta(hours=24)) for store in stores]

    transport = httpx.MockTransport(lambda _: httpx.Response(200))
    told = [
        one is not None for one in fetch_in_parts(asks, env_credentials({}), ClientLimits(part_answers=2), transport)
    ]

    assert told == [True, True, False, True, True, False, True]


def test_a_device_that_hangs_costs_one_time_budget_however_much_is_asked_of_it() -> None:
    async def handler(_: httpx.Request) -> httpx.Response:
        return await asyncio.Future()

    limits = ClientLimits(total_s=0.05)
    found = fetch_all([an_ask() for _ in range(5)], env_credentials({}), limits, httpx.MockTransport(handler))

    assert [answer.attempts for answer in found] == [1, 0, 0, 0, 0]
    assert {answer.error.cause for answer in found if isinstance(answer, Failure)} == {"unreachable"}


def test_a_request_that_is_tried_again_says_nothing_on_the_way(capfd) -> None:
    answers(lambda _: httpx.Response(502), an_ask())

    assert capfd.readouterr() == ("", "")


def test_asking_leaves_the_search_for_garbage_as_it_was() -> None:
    before = gc.get_threshold()
    seen = []

    def handler(_: httpx.Request) -> httpx.Response:
        seen.append((gc.get_threshold(), gc.get_freeze_count() > 0))
        raise ZeroDivisionError  # nothing that a device can do

    with pytest.raises(ExceptionGroup):
        answers(handler, an_ask())

    [(while_asking, is_frozen)] = seen
    assert while_asking[0] > before[0]
    assert is_frozen
    assert (gc.get_threshold(), gc.get_freeze_count()) == (before, 0)
