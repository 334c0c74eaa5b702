"""One HTTP exchange with a device: the connection, signing in, the status. Retries and budgets are the client's."""

import datetime as dt
from email.utils import parsedate_to_datetime

import httpx

from retail_pipeline.devices.blotting import digest_responses
from retail_pipeline.devices.body import read_body
from retail_pipeline.devices.errors import (
    CredentialsRefused,
    DeviceError,
    NotAReport,
    RateLimited,
    RedirectRefused,
    ServerFailed,
    error_of_transport,
)

# Devices drop idle connections without a word.
HEADERS = {"Accept": "*/*", "Accept-Encoding": "gzip", "Connection": "close", "User-Agent": "retail-pipeline"}


class Exchange:
    """What happened so far while one ask was served; it outlives a failed attempt, so that nothing seen is lost."""

    def __init__(self, sensor_id: str, url: str, max_bytes: int) -> None:
        self.sensor_id = sensor_id
        self.url = url
        self.max_bytes = max_bytes
        self.attempts = 0
        self.signed: set[str] = set()
        """Answers to digest challenges that were sent."""
        self._forget()

    def _forget(self) -> None:
        self.status: int | None = None
        self.body: bytes | None = None
        self.device_clock: dt.datetime | None = None

    async def attempt(self, transport: httpx.AsyncBaseTransport, auth: httpx.Auth, patience: httpx.Timeout) -> None:
        """Asks once; afterwards `status` and `body` are those of a success.

        Past httpx's own client, which would follow, remember and log: a third of the time of an ask.

        Raises:
            DeviceError: anything else, with `is_transient` saying whether to ask again.
        """
        self.attempts += 1
        self._forget()
        request = httpx.Request("GET", self.url, headers=HEADERS, extensions={"timeout": patience.as_dict()})
        try:
            response = await self._signed_in(transport, request, auth)
        except httpx.HTTPError as error:
            raise error_of_transport(error, self.sensor_id) from error
        if refused := error_of_status(response, self.sensor_id, auth):
            raise refused

    async def _signed_in(
        self, transport: httpx.AsyncBaseTransport, request: httpx.Request, auth: httpx.Auth
    ) -> httpx.Response:
        # httpx drives this itself, but reads the body of a 401 without bounds on the way.
        flow = auth.auth_flow(request)
        request = next(flow)
        while True:
            response = await self._send(transport, request)
            try:
                request = flow.send(response)
            except StopIteration:
                return response
            except (httpx.ProtocolError, NotImplementedError, KeyError) as error:
                # qop=auth-int, an unknown algorithm, a challenge without a nonce
                detail = f"answers {response.status_code} with a digest challenge that cannot be met"
                raise CredentialsRefused(self.sensor_id, detail, response.status_code) from error

    async def _send(self, transport: httpx.AsyncBaseTransport, request: httpx.Request) -> httpx.Response:
        self.signed.update(digest_responses(request.headers.get("authorization", "")))
        response = await transport.handle_async_request(request)
        response.request = request
        try:
            self.status = response.status_code
            self.device_clock = _http_date(response.headers.get("date"))
            self.body = await read_body(response, self.sensor_id, self.max_bytes)
        finally:
            await response.aclose()
        return response


def error_of_status(response: httpx.Response, sensor_id: str, auth: httpx.Auth | None = None) -> DeviceError | None:
    """The error that a status stands for; None for success."""
    status = response.status_code
    if status in {401, 403}:
        return CredentialsRefused(sensor_id, _refusal(response, auth), status)
    if status == 429:
        wait = _retry_after(response)
        return RateLimited(sensor_id, f"answers 429, wait {wait if wait is not None else 'not given'} s", status, wait)
    if status >= 500:
        return ServerFailed(sensor_id, f"answers {status}", status)
    if 300 <= status < 400:
        return RedirectRefused(sensor_id, f"answers {status}, a redirect, which is not followed", status)
    return None if 200 <= status < 300 else NotAReport(sensor_id, f"answers {status}", status)


def _refusal(response: httpx.Response, auth: httpx.Auth | None) -> str:
    wanted = response.headers.get("www-authenticate", "").partition(" ")[0].lower()
    hint = {"basic": httpx.BasicAuth, "digest": httpx.DigestAuth}.get(wanted)
    if hint is None or isinstance(auth, hint):
        return f"answers {response.status_code}: the credential is wrong"
    return f"answers {response.status_code} and asks for `auth: {wanted}`, which the fleet file does not give it"


def _retry_after(response: httpx.Response) -> float | None:
    text = response.headers.get("retry-after", "").strip()
    if text.isdecimal():
        return float(text)
    until = _http_date(text)
    return None if until is None else max(0.0, until.timestamp() - dt.datetime.now(dt.UTC).timestamp())


def _http_date(text: str | None) -> dt.datetime | None:
    if not text:
        return None
    try:
        stamp = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return stamp.replace(tzinfo=dt.UTC) if stamp.tzinfo is None else stamp.astimezone(dt.UTC)
