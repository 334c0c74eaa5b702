"""A pipeline with secrets that can be recognised, and everything that it leaves behind."""

import base64
import datetime as dt
import gzip
import io
import logging
import os
import subprocess
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
import stamina
import yaml
from dagster._core.remote_origin import InProcessCodeLocationOrigin
from dagster._core.test_utils import create_test_daemon_workspace_context
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.workspace.load_target import InProcessWorkspaceLoadTarget
from dagster._daemon.sensor import execute_sensor_iteration

from retail_pipeline import cli
from retail_pipeline.automation import jobs
from retail_pipeline.automation.rectangles import hour_rectangle
from retail_pipeline.definitions import build_defs
from retail_pipeline.fleet.models import Fleet
from retail_pipeline.local.demo import pointed_at
from retail_pipeline.local.postgres import PostgresHandle
from retail_pipeline.local.simulator.auth import Secret
from retail_pipeline.resources.dagster_storage import retail_instance
from retail_pipeline_tests.conftest import fresh_database
from retail_pipeline_tests.living import device, store
from retail_pipeline_tests.local.simulator.running import running_simulator
from retail_pipeline_tests.security.echoing import KINDS, echoing_devices
from retail_pipeline_tests.steps.alerts.receiving import RunningReceiver, running_receiver

# Each is told from every other text by its letters, and changes when it is quoted.
PASSWORDS = {name: f"pass/{name}@xq7 é" for name in ("GOOD", "ROUND", "WRONG", "ECHO")}
USERS = {name: f"user-{name.lower()}-zk3" for name in PASSWORDS}
DATABASE, DAGSTER = "pw/warehouse@vv9", "pw/records@vv9"
TOKEN = "token-of-nobody-else-jj5"


def needles() -> dict[str, bytes]:
    """Every secret as it is, percent-encoded and in base64, by a name that may be shown."""
    both = {f"{USERS[name]}:{PASSWORDS[name]}" for name in PASSWORDS}
    texts = {*PASSWORDS.values(), *USERS.values(), *both, DATABASE, DAGSTER, TOKEN}
    found = {}
    for text in texts:
        found[f"{text[:9]}, plain"] = text.encode()
        found[f"{text[:9]}, quoted"] = quote(text, safe="").encode()
        # Without its end, which depends on what follows.
        found[f"{text[:9]}, base64"] = base64.b64encode(text.encode())[: len(text) * 4 // 3 - 2]
    return found


@dataclass
class Left:
    """What a pipeline left: name of the place, and its bytes."""

    places: dict[str, bytes] = field(default_factory=dict)

    def search(self, wanted: Mapping[str, bytes]) -> list[tuple[str, str, bytes]]:
        """Secret, place and what stands around it, for every secret in every place."""
        return [
            (name, place, content[max(0, at - 80) : at + 80])
            for place, content in self.places.items()
            for name, needle in wanted.items()
            for at in [content.find(needle)]
            if at >= 0
        ]

    def text(self, place: str) -> str:
        """A place as text."""
        return self.places[place].decode("utf-8", "replace")


def rows_of(url: str, schema: str) -> dict[str, bytes]:
    """All rows of all tables of a schema, one place a table; gzip is unpacked."""
    found = {}
    with psycopg.connect(url) as connection:
        names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [schema]).fetchall()
        for (name,) in names:
            cursor = connection.execute(f'SELECT * FROM "{schema}"."{name}"'.encode())
            cells = [_bytes(cell) for row in cursor for cell in row]
            found[f"{schema}.{name}"] = b"\n".join(cells)
    return found


def _bytes(cell: object) -> bytes:
    if isinstance(cell, bytes):
        with suppress(gzip.BadGzipFile):
            return gzip.decompress(cell)
        return cell
    return str(cell).encode()


def files_of(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {str(one.relative_to(folder)): one.read_bytes() for one in folder.rglob("*") if one.is_file()}


@contextmanager
def captured(left: Left, place: str) -> Iterator[None]:
    """What is printed and logged in here is left in a place."""
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    logging.getLogger().addHandler(handler)
    try:
        with redirect_stdout(text), redirect_stderr(text):
            yield
    finally:
        logging.getLogger().removeHandler(handler)
        left.places[place] = left.places.get(place, b"") + text.getvalue().encode()


def command(left: Left, *words: str) -> None:
    """A command as a person gives it, but in this process; whatever it says and raises is left."""
    with captured(left, f"command {words[0]}"), suppress(SystemExit):
        cli.main(list(words))


def declared_stores(simulated: str, echoing: str) -> list[dict[str, object]]:
    """A store of good and bad simulated devices, and one of devices that repeat what they were sent."""
    doors = [
        device("good-door", credential="GOOD"),
        device("round-door", credential="ROUND", auth="digest"),
        device("wrong-door", credential="WRONG"),
        device("gone-door", credential="GOOD"),
    ]
    echoes = [
        device(name_of(kind), credential="ECHO", auth="digest" if kind == "digest" else "basic") for kind in KINDS
    ]
    return [
        store("lisbon", "Europe/Lisbon", *({**door, "url": f"{simulated}/{door['id']}"} for door in doors)),
        store(
            "porto",
            "Europe/Lisbon",
            *({**door, "url": f"{echoing}/{kind}"} for door, kind in zip(echoes, KINDS, strict=True)),
        ),
    ]


def name_of(kind: str) -> str:
    """The device that repeats its credential in this way."""
    return f"{kind.replace('_', '-')}-door"


class Leaving:
    """The pipeline of a home, whose secrets stand in its environment and nowhere else."""

    def __init__(self, home: Path, urls: tuple[str, str], patch: pytest.MonkeyPatch) -> None:
        self.home, self.left = home, Left()
        self._urls = urls
        self.patch = patch

    def run_in_a_process(self) -> None:
        """`retail-pipeline run` with all that the process prints."""
        code = "from retail_pipeline.cli import main; import sys; sys.argv[0] = 'retail-pipeline'; main()"
        words = [sys.executable, "-c", code, "run", "--hours", "2"]
        done = subprocess.run(words, cwd=self.home, capture_output=True, timeout=120, check=False)
        self.left.places["process run"] = done.stdout + done.stderr

    def run(self, job: str, tags: Mapping[str, str] | None = None) -> bool:
        """A Dagster run in this process; whether it succeeded."""
        with captured(self.left, f"run of {job}"), retail_instance() as instance:
            result = (
                build_defs().resolve_job_def(job).execute_in_process(instance=instance, tags=tags, raise_on_error=False)
            )
        return result.success

    def wait_an_hour(self) -> None:
        """As far as polls are told apart, which is by the time of their failures."""
        with psycopg.connect(self._urls[0]) as connection:
            connection.execute("UPDATE retail.device_health SET last_error_at = last_error_at - interval '1 hour'")

    def sense(self) -> None:
        """One iteration of Dagster's sensor daemon: ticks, cursors and requested runs are recorded."""
        target = LoadableTargetOrigin(module_name="retail_pipeline.definitions", attribute="defs")
        origin = InProcessCodeLocationOrigin(target, location_name="retail_pipeline")
        with (
            captured(self.left, "sensors"),
            warnings.catch_warnings(action="ignore"),  # Dagster's own, of its own code
            retail_instance() as instance,
            create_test_daemon_workspace_context(InProcessWorkspaceLoadTarget(origin), instance) as workspace,
        ):
            for error in execute_sensor_iteration(workspace, logging.getLogger("daemon"), None, None):
                if error:
                    print(error)  # noqa: T201 - captured

    def look_around(self) -> Left:
        """Everything: both databases, the files of the home, what was printed."""
        for url, schema in zip(self._urls, ("retail", "public"), strict=True):
            self.left.places |= rows_of(url, schema)
        self.left.places |= files_of(self.home)
        return self.left


def with_password(url: str, password: str) -> str:
    return url.replace("@/", f":{quote(password, safe='')}@/", 1)


@contextmanager
def leaving(postgres: PostgresHandle, home: Path) -> Iterator[tuple[Leaving, RunningReceiver]]:
    """The pipeline, its devices and its receiver of alerts."""
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        receiver = stack.enter_context(running_receiver())
        echoing = stack.enter_context(echoing_devices())
        urls = stack.enter_context(fresh_database(postgres)), stack.enter_context(fresh_database(postgres))
        known = {name: Secret(USERS[name], PASSWORDS[name]) for name in ("GOOD", "ROUND")}
        known["WRONG"] = Secret(USERS["WRONG"], "another")
        organizations = [{"id": "acme", "name": "Acme"}]
        declared = {"organizations": organizations, "stores": declared_stores("http://127.0.0.1:1", echoing)}
        fleet = Fleet.model_validate(declared)
        lisbon = Fleet(organizations=fleet.organizations, stores=fleet.stores[:1])
        simulator = stack.enter_context(running_simulator(pointed_at(lisbon, "http://127.0.0.1:1"), known=known))
        moved = f"http://{USERS['GOOD']}:{quote(PASSWORDS['GOOD'], safe='')}@elsewhere.example/"
        simulator.behave("gone-door", faults=[{"name": "redirect", "options": {"location": moved}}])
        declared["stores"] = declared_stores(simulator.base_url, echoing)
        (home / "fleet.yaml").write_text(yaml.safe_dump(declared))
        for name, password in PASSWORDS.items():
            patch.setenv(f"RETAIL_CREDENTIAL_{name}_USERNAME", USERS[name])
            patch.setenv(f"RETAIL_CREDENTIAL_{name}_PASSWORD", password)
        patch.setenv("RETAIL_HOME", str(home))
        patch.setenv("RETAIL_FLEET", str(home / "fleet.yaml"))
        patch.setenv("RETAIL_HORIZON_DAYS", "3")
        patch.setenv("RETAIL_DATABASE_URL", with_password(urls[0], DATABASE))
        patch.setenv("DAGSTER_POSTGRES_URL", with_password(urls[1], DAGSTER))
        hook = f"json://teller:{TOKEN}@127.0.0.1:{{}}/{TOKEN}?retry=0"
        patch.setenv("RETAIL_ALERT_URLS", f"{hook.format(receiver.port)}, {hook.format(1)}")
        for name in ("RETAIL_LOCATION", "RETAIL_ORGANIZATIONS", "DAGSTER_HOME"):
            patch.delenv(name, raising=False)
        patch.chdir(home)
        yield Leaving(home, urls, patch), receiver


def everything(pipeline: Leaving, receiver: RunningReceiver) -> Left:
    """Good and failing runs, sensors, checks, alerts and commands, and then what they left."""
    left = pipeline.left
    now = dt.datetime.now(dt.UTC).replace(minute=0, second=0, microsecond=0)
    command(left, "migrate")
    pipeline.run_in_a_process()
    tags = hour_rectangle(now - dt.timedelta(hours=1), now - dt.timedelta(hours=1), ["lisbon", "porto"])
    for _ in range(2):  # after three polls without a report a device is an incident
        pipeline.wait_an_hour()
        assert not pipeline.run(jobs.COLLECT_SENSORS, tags)
    pipeline.run(jobs.HEALTH)
    pipeline.sense()
    command(left, "status", "--json")
    command(left, "status")
    command(left, "fleet", "check", str(pipeline.home / "fleet.yaml"), "--probe", "--json")
    command(left, "fleet", "check", str(pipeline.home / "fleet.yaml"), "--probe")
    command(left, "replay", "--from", f"{now - dt.timedelta(hours=24):%Y-%m-%dT%H:%M}")
    without_a_warehouse(pipeline, tags)
    left.places["alerts"] = receiver.text.encode()
    return pipeline.look_around()


def without_a_warehouse(pipeline: Leaving, tags: Mapping[str, str]) -> None:
    """Runs, sensors and commands that find nobody, or something that is no URL, where the warehouse should be."""
    there = os.environ["RETAIL_DATABASE_URL"]
    away = f"postgresql://svc:{quote(DATABASE, safe='')}@127.0.0.1:1/retail"
    for url in (away, there.replace("@/", "@/no_such_"), f"postgresql://svc:{DATABASE}@127.0.0.1/retail"):
        with pytest.MonkeyPatch.context() as patch, stamina.set_testing(True, attempts=2):  # without the waiting
            patch.setenv("RETAIL_DATABASE_URL", url)
            command(pipeline.left, "status", "--json")
            command(pipeline.left, "migrate")
            if DATABASE not in url:
                assert not pipeline.run(jobs.COLLECT_SENSORS, tags)
            if url == away:
                pipeline.sense()
