"""What deploy/ starts is what there is to start: programs, ports, pages, settings, and nothing with more rights than it needs."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic_settings import BaseSettings

from streams.audit.settings import AuditSettings
from streams.cli import whole
from streams.feed.settings import FeedSettings
from streams.paging.settings import PagerSettings
from streams.retention.settings import RetentionSettings
from streams.settings import Settings

ROOT = Path(__file__).resolve().parents[3]
DEPLOY = ROOT / "deploy"
Body = dict[str, Any]


class Program:
    """A program that runs for long: its command, its settings and its port."""

    def __init__(self, command: str, settings: type[BaseSettings], port: str, *needs: str) -> None:
        self.command, self.settings, self.needs = command.split(), settings, needs
        self.port = settings.model_fields[port].default


PROGRAMS = {
    "worker": Program(
        "worker", Settings, "web_port", "PSEUDONYM_KEY", "REDIS", "REDIS_USER", "REDIS_PASSWORD", "IDENTITY_SEAL"
    ),
    "feed": Program(
        "feed",
        FeedSettings,
        "feed_port",
        "PSEUDONYM_KEY",
        "REDIS",
        "REDIS_USER",
        "REDIS_PASSWORD",
        "SESSION_KEY",
        "NOTES_KEY",
        "IDENTITY_KEY",
    ),
    "pager": Program("pager", PagerSettings, "pager_port"),
    "sealer": Program("audit seal", AuditSettings, "sealer_port", "AUDIT_KEY"),
    "retention": Program("retention serve", RetentionSettings, "retention_port"),
}
KAFKA = ("KAFKA", "KAFKA_PROTOCOL", "KAFKA_CA", "KAFKA_CERTIFICATE", "KAFKA_KEY")
COMPOSE: Body = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
RESOURCES: list[Body] = [
    one
    for file in sorted((DEPLOY / "kubernetes").glob("*.yaml"))
    for one in yaml.safe_load_all(file.read_text())
    if one
]


def of_kind(*kinds: str) -> Iterator[Body]:
    """Resources of Kubernetes."""
    return (one for one in RESOURCES if one["kind"] in kinds)


def pods() -> Iterator[tuple[str, Body]]:
    """Every pod that we run ourselves, by name."""
    for one in of_kind("StatefulSet", "Deployment", "Job"):
        yield one["metadata"]["name"], one["spec"]["template"]["spec"]


PODS = dict(pods())
CONFIG: dict[str, str] = next(of_kind("ConfigMap"))["data"]


def given(program: str) -> dict[str, dict[str, str]]:
    """The settings that a program is told, by where it is deployed."""
    [container] = PODS[program]["containers"]
    return {
        "compose": dict(COMPOSE["services"][program]["environment"]),
        "kubernetes": CONFIG | {one["name"]: one.get("value", "") for one in container["env"]},
    }


EACH = pytest.mark.parametrize("name", PROGRAMS)
PLACES = pytest.mark.parametrize("place", ["compose", "kubernetes"])


def test_every_program_is_deployed() -> None:
    """Whoever adds one that runs for long adds it here, and this fails until it is in both."""
    said = {
        command.callback.__name__
        for group in (whole(), *(one.typer_instance for one in whole().registered_groups if one.typer_instance))
        for command in group.registered_commands
        if command.callback
        and re.search(r"^ *(Run a|Call whoever|Seal the)", command.callback.__doc__ or "", re.MULTILINE)
    }
    assert said - {"run_checkpoint"} == {"worker", "feed", "pager", "seal", "serve"}
    assert set(PROGRAMS) <= set(COMPOSE["services"])
    assert set(PROGRAMS) <= set(PODS)


@EACH
def test_commands_are_those_of_suar(name: str) -> None:
    assert COMPOSE["services"][name]["command"] == PROGRAMS[name].command
    assert PODS[name]["containers"][0]["args"] == PROGRAMS[name].command


@EACH
@PLACES
def test_settings_exist(name: str, place: str) -> None:
    """A name with a mistake in it would be passed over in silence."""
    fields = {f"SUAR_{one.upper()}" for one in PROGRAMS[name].settings.model_fields} | {"SUAR_LOG_FORMAT"}
    unknown = {
        one
        for one in given(name)[place]
        if one.removesuffix("_FILE") not in fields and not one.startswith("SUAR_REDIS")
    }
    assert unknown == set()


@EACH
@PLACES
def test_settings_that_must_be_set_are(name: str, place: str) -> None:
    program = PROGRAMS[name]
    told = {one.removesuffix("_FILE") for one in given(name)[place]}
    required = {one.upper() for one, info in program.settings.model_fields.items() if info.is_required()}
    missing = {f"SUAR_{one}" for one in (*required, *program.needs, *KAFKA)} - told
    assert missing == set()


@EACH
@PLACES
def test_secrets_are_never_values(name: str, place: str) -> None:
    """They come from files: neither arguments nor the environment show them."""
    secrets = {
        f"SUAR_{one.upper()}"
        for one, info in PROGRAMS[name].settings.model_fields.items()
        if "Secret" in str(info.annotation)
    }
    assert secrets & set(given(name)[place]) == set()


@EACH
def test_secrets_and_files_are_mounted(name: str) -> None:
    service, pod = COMPOSE["services"][name], PODS[name]
    here = {one if isinstance(one, str) else one["target"] for one in service["secrets"]}
    asked = {Path(value).name for value in given(name)["compose"].values() if value.startswith("/run/secrets/")}
    assert asked == here
    assert {one if isinstance(one, str) else one["source"] for one in service["secrets"]} <= set(COMPOSE["secrets"])
    mounts = {one["mountPath"] for one in pod["containers"][0]["volumeMounts"]}
    assert {
        str(Path(value).parent)
        for value in given(name)["kubernetes"].values()
        if value.startswith("/run/") and "redis" not in value
    } <= mounts
    assert {one["name"] for one in pod["containers"][0]["volumeMounts"]} == {one["name"] for one in pod["volumes"]}


@EACH
def test_ports_and_pages_are_the_programs(name: str) -> None:
    """Probes ask for pages that every program has, at the port that it listens to; Prometheus finds it there."""
    port, [container] = PROGRAMS[name].port, PODS[name]["containers"]
    assert [one["containerPort"] for one in container["ports"]] == [port]
    assert container["livenessProbe"]["httpGet"] == {"path": "/live", "port": "http"}
    assert container["readinessProbe"]["httpGet"] == {"path": "/ready", "port": "http"}
    assert f"127.0.0.1:{port}/live" in COMPOSE["services"][name]["healthcheck"]["test"][-1]
    jobs = {one["job_name"]: one["dns_sd_configs"][0] for one in _scraped()}
    assert (jobs[name]["names"], jobs[name]["port"]) == ([name], port)
    assert str(port) in (DEPLOY / "Dockerfile").read_text().partition("EXPOSE")[2].splitlines()[0].split()


def _scraped() -> list[Body]:
    held: Body = yaml.safe_load((DEPLOY / "prometheus/prometheus.yaml").read_text())
    return list(held["scrape_configs"])


@pytest.mark.parametrize("name", PODS)
def test_pods_have_no_rights(name: str) -> None:
    pod = PODS[name]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["automountServiceAccountToken"] is False
    for container in pod["containers"]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert "memory" in container["resources"]["limits"]


@pytest.mark.parametrize("name", COMPOSE["services"])
def test_containers_have_no_rights(name: str) -> None:
    service = COMPOSE["services"][name]
    assert (service["cap_drop"], service["security_opt"]) == (["ALL"], ["no-new-privileges:true"])
    assert service["user"].startswith("${SUAR_UID")
    if name not in {"kafka", "grafana"}:  # both write beside their data
        assert service["read_only"] is True


def test_images_are_pinned() -> None:
    """No `latest`, and the same Kafka and Redis as the tests."""
    images = {one["image"] for one in COMPOSE["services"].values()} | {
        c["image"] for pod in PODS.values() for c in pod["containers"]
    }
    assert all(re.search(r":v?\d+\.\d+\.\d+", image) for image in images)
    [kafka] = re.findall(
        r"<artifactId>kafka_2.13</artifactId>\s*<version>([\d.]+)<", (DEPLOY / "kafka/pom.xml").read_text()
    )
    assert f"apache/kafka:{kafka}" in images
    froms = re.findall(r"^FROM (\S+)", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)
    assert len(set(froms)) == 1
    assert re.fullmatch(r"python:3\.11\.\d+-slim-bookworm", froms[0])


def test_dockerfile_copies_what_exists_and_is_not_ignored() -> None:
    text = (DEPLOY / "Dockerfile").read_text()
    copied = [word for line in re.findall(r"^COPY (?!--from)(.+)$", text, re.MULTILINE) for word in line.split()[:-1]]
    allowed = re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE)
    assert copied
    assert sorted(copied) == sorted(allowed)
    assert [one for one in copied if not (ROOT / one).exists()] == []


def test_files_that_compose_mounts_exist() -> None:
    mounted = [str(one) for service in COMPOSE["services"].values() for one in service.get("volumes", ())]
    ours = [one.split(":")[0] for one in mounted if one.startswith("./")]
    assert ours
    assert [one for one in ours if not (DEPLOY / one).exists()] == []


def test_prepare_makes_what_compose_wants(tmp_path: Path) -> None:
    """Every file below SUAR_RUN is there afterwards, and readable by its owner alone."""
    import subprocess

    done = subprocess.run([DEPLOY / "prepare", tmp_path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    text = (DEPLOY / "compose.yaml").read_text()
    wanted = set(re.findall(r"\$\{SUAR_RUN[^}]*\}/([\w./-]+)", text))
    assert len(wanted) > 20
    assert [one for one in wanted if not (tmp_path / one).exists()] == []
    open_to_others = [file for file in tmp_path.rglob("*") if file.is_file() and file.stat().st_mode & 0o077]
    assert [file.name for file in open_to_others] == ["ca.crt"]
    assert "$" not in re.sub(r"\$/\$1/", "", (tmp_path / "kafka/server.properties").read_text())
    assert "${" not in (tmp_path / "redis/users.acl").read_text()


def test_kafka_keeps_what_it_acknowledged() -> None:
    [kafka] = of_kind("Kafka")
    [pool] = of_kind("KafkaNodePool")
    config = kafka["spec"]["kafka"]["config"]
    assert (pool["spec"]["replicas"], config["default.replication.factor"], config["min.insync.replicas"]) == (3, 3, 2)
    assert config["unclean.leader.election.enable"] == "false"
    assert all(one["tls"] and one["authentication"] for one in kafka["spec"]["kafka"]["listeners"])


def test_disruptions_are_bounded() -> None:
    """Of everything that runs in more than one copy, some stay; what a budget names exists."""
    budgets = {one["metadata"]["name"] for one in of_kind("PodDisruptionBudget")}
    several = {one["metadata"]["name"] for one in of_kind("StatefulSet", "Deployment") if one["spec"]["replicas"] > 1}
    assert budgets == several


def test_every_resource_is_applied() -> None:
    [kustomization] = of_kind("Kustomization")
    files = {file.name for file in (DEPLOY / "kubernetes").glob("*.yaml")} - {"kustomization.yaml"}
    assert set(kustomization["resources"]) == files


def test_network_policies_name_pods_that_exist() -> None:
    named = {
        value
        for one in of_kind("NetworkPolicy")
        for match in re.findall(r"'values': \[([^\]]*)\]", str(one))
        for value in re.findall(r"'([\w-]+)'", match)
    }
    assert named == set(PODS)


def _pinned(name: str) -> dict[str, str]:
    return dict(re.findall(r"^([\w.-]+)==([^ ;\\]+)", (DEPLOY / name).read_text(), re.MULTILINE))


@pytest.mark.parametrize("name", ["requirements-run.lock", "requirements-build.lock"])
def test_the_image_has_the_versions_that_were_tested(name: str) -> None:
    tested = _pinned("requirements.lock")
    assert _pinned(name)
    assert {one: at for one, at in _pinned(name).items() if tested.get(one) != at} == {}, "run `make lock`"


def test_the_image_has_everything_that_the_project_needs() -> None:
    named = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    wanted = {re.match(r"[\w.-]+", one)[0].lower() for one in named}  # type: ignore[index]
    assert wanted <= set(_pinned("requirements-run.lock")), "run `make lock`"
