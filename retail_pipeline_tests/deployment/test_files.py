"""The files in `deploy`, held to the tools that read them and to the code that they start.

Docker and Kubernetes are not here to be asked.
"""

import re
import shutil
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import compose_spec
import dagster as dg
import pytest
import yaml
from dagster._config import process_config, resolve_to_config_type
from dagster._core.instance import InstanceRef
from dagster._core.remote_origin import GrpcServerCodeLocationOrigin
from dagster._core.run_coordinator import QueuedRunCoordinator
from dagster._core.workspace.load import location_origins_from_yaml_paths
from dagster_k8s.job import UserDefinedDagsterK8sConfig
from dagster_k8s.models import k8s_model_from_dict, k8s_snake_case_dict
from kubernetes import client as kubernetes

from retail_pipeline.local.postgres import PostgresHandle
from retail_pipeline.resources.worker_launcher import WorkerRunLauncher
from retail_pipeline.settings import Settings
from retail_pipeline_tests.living import empty_database

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
VERSION = PROJECT["version"]
PINNED = dict(line.split("==") for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line)
COMPOSE = ("compose.yaml", "compose.celery.yaml")
READ_BY_OTHERS = {"DAGSTER_POSTGRES_URL", "UI_HOST", "UI_USER", "UI_PASSWORD_HASH", "REDIS_PASSWORD"}
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
VALUES: dict[str, Any] = yaml.safe_load((DEPLOY / "values.yaml").read_text())
LOCATIONS = VALUES["dagster-user-deployments"]["deployments"]


def read_by_the_pipeline() -> set[str]:
    return {f"RETAIL_{name.upper()}" for name in Settings.model_fields}


def services(file: str) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load((DEPLOY / file).read_text())["services"]
    return found


def filled_in(text: str) -> str:
    """As compose reads it, its variables set."""
    return re.sub(r"\$\{(\w+)(?::[-?][^}]*)?\}", "/a/value", text)


def each_service() -> Iterator[tuple[str, dict[str, Any]]]:
    for file in COMPOSE:
        yield from services(file).items()


def environment_of(service: Mapping[str, Any]) -> dict[str, str]:
    return service.get("environment") or {}


@pytest.mark.parametrize("file", COMPOSE)
def test_compose_is_what_its_specification_allows(file: str) -> None:
    options = compose_spec.PyOptions()
    options.apply_merge = True

    options.from_yaml(filled_in((DEPLOY / file).read_text())).validate()


def test_the_validator_of_compose_knows_a_wrong_file() -> None:
    with pytest.raises(ValueError, match="comand"):
        compose_spec.PyCompose.from_yaml("services: {code: {image: retail-pipeline, comand: [dagster]}}")


def test_every_command_is_a_program_of_the_image() -> None:
    ours = [one for _, one in each_service() if one.get("image", VERSION).endswith(VERSION)]
    commands = [one["command"] for one in ours if "command" in one]
    commands += [one["healthcheck"]["test"][1:] for one in ours if "test" in one.get("healthcheck", {})]
    programs = {command[0] for command in commands}

    assert programs == {"retail-pipeline", "dagster-daemon", "dagster-webserver", "python"}
    assert all(shutil.which(program) for program in programs | {"dagster"})


def test_the_environment_of_every_service_is_read_by_what_it_starts() -> None:
    for name, service in each_service():
        ours = {one for one in environment_of(service) if one.startswith(("RETAIL_", "DAGSTER_"))}
        assert ours <= read_by_the_pipeline() | READ_BY_OTHERS, name


def test_every_secret_and_address_comes_from_the_environment_and_is_told_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    for file in COMPOSE:
        named = set(re.findall(r"\$\{(\w+)", (DEPLOY / file).read_text()))
        assert named
        assert [name for name in named if f"`{name}`" not in readme] == []
    for name, service in each_service():
        for variable, value in environment_of(service).items():
            assert "URL" not in variable or str(value).startswith("${"), f"{name}: {variable}"


def test_every_file_that_is_mounted_is_there() -> None:
    for file in COMPOSE:
        text = (DEPLOY / file).read_text()
        mounted = re.findall(r"(\./[\w.]+):", text) + re.findall(r"\{file: ([\w.]+)", text)
        assert mounted
        assert [one for one in mounted if not (DEPLOY / one).is_file()] == []


def test_nothing_but_the_proxy_is_reachable_from_outside() -> None:
    assert [name for name, service in each_service() if "ports" in service or "network_mode" in service] == ["proxy"]


def test_images_are_of_this_version_and_the_others_are_pinned_to_a_release() -> None:
    images = {one["image"] for _, one in each_service() if "image" in one}
    images |= {f"{one['repository']}:{one['tag']}" for one in (place["image"] for place in LOCATIONS)}

    for image in images:
        name, tag = image.rsplit(":", 1)
        assert tag == VERSION if name.endswith("retail-pipeline") else re.match(r"\d+(\.\d+)*-", tag), image
    assert f"version {PINNED['dagster']}" in (DEPLOY / "values.yaml").read_text()


def test_the_image_holds_what_the_package_needs_at_the_versions_that_were_tested() -> None:
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    sources = {source for line in copied for source in line.split()}
    let_through = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}

    assert sources == let_through
    assert all((ROOT / source).exists() for source in sources)
    assert "--constraint constraints.txt" in DOCKERFILE
    assert set(re.findall(r"FROM python:(\d\.\d+)-slim-bookworm", DOCKERFILE)) == {"3.11"}


def test_the_image_runs_as_nobody_in_particular_and_says_how_it_is() -> None:
    last = DOCKERFILE.rsplit("FROM ", 1)[1]

    assert re.findall(r"^USER (\d+)$", last, re.MULTILINE) == ["10001"]
    assert "HEALTHCHECK" in last
    assert "pip install" not in last


def test_dagster_takes_the_configuration_for_workers_which_differs_only_in_what_workers_need(
    postgres: PostgresHandle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(DEPLOY / "dagster.celery.yaml", tmp_path / "dagster.yaml")
    monkeypatch.setenv("RETAIL_HOME", str(tmp_path))
    monkeypatch.setenv("RETAIL_CELERY_BROKER_URL", "redis://:secret@127.0.0.1:1/0")
    with empty_database(postgres.url("postgres"), postgres.url) as url:
        monkeypatch.setenv("DAGSTER_POSTGRES_URL", url)
        with dg.DagsterInstance.from_ref(InstanceRef.from_dir(str(tmp_path))) as instance:
            assert isinstance(instance.run_launcher, WorkerRunLauncher)
            assert instance.run_monitoring_max_resume_run_attempts == 2

    ours, theirs = (yaml.safe_load(one.read_text()) for one in (ROOT / "dagster.yaml", tmp_path / "dagster.yaml"))
    assert {key for key in ours | theirs if ours.get(key) != theirs.get(key)} == {
        "run_launcher",
        "run_monitoring",
        "concurrency",
    }


@pytest.mark.parametrize(
    ("file", "locations"),
    [("workspace.yaml", ["retail_pipeline"]), ("workspace.split.yaml", ["north", "south"])],
)
def test_dagster_reads_the_code_locations(file: str, locations: list[str]) -> None:
    origins = location_origins_from_yaml_paths([str(DEPLOY / file)])

    assert [origin.location_name for origin in origins] == locations
    assert all(isinstance(origin, GrpcServerCodeLocationOrigin) and origin.port == 4000 for origin in origins)


def as_the_chart_writes_it(values: Mapping[str, Any]) -> dict[str, Any]:
    """Its keys, which Dagster's configuration has with underscores."""
    return {re.sub(r"([A-Z])", lambda found: f"_{found[1].lower()}", name): value for name, value in values.items()}


def test_dagster_takes_the_queue_of_the_chart_which_holds_recovery_back_as_everywhere() -> None:
    given = VALUES["dagsterDaemon"]["runCoordinator"]["config"]["queuedRunCoordinator"]
    read = process_config(resolve_to_config_type(QueuedRunCoordinator.config_type()), as_the_chart_writes_it(given))
    assert read.errors is None
    queue = QueuedRunCoordinator.from_config_value(None, read.value).get_run_queue_config()

    elsewhere = yaml.safe_load((ROOT / "dagster.yaml").read_text())["concurrency"]["runs"]["tag_concurrency_limits"]
    assert queue.tag_concurrency_limits == elsewhere


def test_kubernetes_knows_every_field_of_the_pods() -> None:
    for place in LOCATIONS:
        for model, field in ((kubernetes.V1Volume, "volumes"), (kubernetes.V1VolumeMount, "volumeMounts")):
            for one in place[field]:
                k8s_model_from_dict(model, k8s_snake_case_dict(model, one))
        for model, field in (
            (kubernetes.V1PodSecurityContext, "podSecurityContext"),
            (kubernetes.V1SecurityContext, "securityContext"),
            (kubernetes.V1ResourceRequirements, "resources"),
        ):
            k8s_model_from_dict(model, k8s_snake_case_dict(model, place[field]))
    runs = VALUES["runLauncher"]["config"]["k8sRunLauncher"]["runK8sConfig"]
    parsed = UserDefinedDagsterK8sConfig.from_dict(as_the_chart_writes_it(runs))

    assert parsed.container_config["resources"]["limits"] == {"memory": "1Gi"}
    assert parsed.job_spec_config == {"ttl_seconds_after_finished": 3600}


def test_the_locations_of_the_chart_are_those_of_the_worked_example_and_share_no_organisation() -> None:
    environments = [{one["name"]: one["value"] for one in place["env"]} for place in LOCATIONS]
    served = [set(one["RETAIL_ORGANIZATIONS"].split(",")) for one in environments]

    assert [place["name"] for place in LOCATIONS] == [one["RETAIL_LOCATION"] for one in environments]
    example = location_origins_from_yaml_paths([str(DEPLOY / "workspace.split.yaml")])
    assert [origin.location_name for origin in example] == [place["name"] for place in LOCATIONS]
    assert not set.intersection(*served)
    for one in environments:
        assert set(one) <= read_by_the_pipeline()
