"""compose.yaml fits the service, the other files of deploy/, and itself; its form is checked by `make check`."""

import re
import tomllib
from collections.abc import Iterator
from ipaddress import IPv4Network, ip_address
from pathlib import Path
from typing import Any

import pytest
import yaml

from bukhindor.config import Settings
from bukhindor.config.durations import parse_duration
from tests.deploy.dockerfile import read_dockerfile

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "compose.yaml").read_text("utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
REPLICAS = ("bukhindor-1", "bukhindor-2")
# They run the service's image.
OWN = {*REPLICAS, "migrate", "certificate"}
EXAMPLE = (ROOT / "deploy" / "compose.env.example").read_text("utf-8")
# The innermost ones: a default may hold another one.
REFERENCE = re.compile(r"(?<!\$)\$\{(\w+)(?::([-?])([^${}]*))?\}")
GIVEN = {
    "PUBLIC_URL": "https://api.example.com",
    "JWT_SECRET": "kq3v8Zp1TnW6yRb0sXcJ4uLmGd9eHf2aQo7i",
    "POSTGRES_PASSWORD": "0f1e2d3c4b5a69788796a5b4c3d2e1f0",
    "REDIS_PASSWORD": "a0b1c2d3e4f5061728394a5b6c7d8e9f",
    "GRAFANA_PASSWORD": "c2d3e4f5061728394a5b6c7d8e9fa0b1",
    "MAIL_FROM": "Example <no-reply@example.com>",
}


def references() -> Iterator[re.Match[str]]:
    text = TEXT
    while found := list(REFERENCE.finditer(text)):
        yield from found
        text = REFERENCE.sub("", text)


def filled_in(value: str) -> str:
    while REFERENCE.search(value):
        value = REFERENCE.sub(lambda match: GIVEN.get(match[1], (match[3] or "") if match[2] == "-" else ""), value)
    return value


def settings_of(service: str) -> Settings:
    environment = {name: filled_in(str(value)) for name, value in SERVICES[service]["environment"].items()}
    return Settings.read(environment, None)


@pytest.mark.parametrize("name", [*REPLICAS, "migrate"])
def test_the_service_accepts_its_settings(name: str) -> None:
    settings = settings_of(name)
    assert settings.is_production
    assert not settings.store.database.is_embedded
    assert not settings.store.migrate_on_start
    assert settings.monitoring.metrics_port == 9090


def test_every_variable_is_explained_and_no_other() -> None:
    explained = re.findall(r"^(?:# )?([A-Z_]+)=", EXAMPLE, re.MULTILINE)
    assert sorted(explained) == sorted({match[1] for match in references()})


@pytest.mark.parametrize("name", [*REPLICAS, "migrate"])
def test_every_other_setting_has_a_place(name: str) -> None:
    """The file is optional, and git does not track it: it may hold secrets."""
    assert SERVICES[name]["env_file"] == [{"path": "deploy/settings.env", "required": False}]
    assert "/deploy/settings.env" in (ROOT / ".gitignore").read_text("utf-8").splitlines()


def test_what_has_no_default_is_demanded_with_a_reason() -> None:
    demanded = {match[1] for match in references() if match[2] == "?" and match[3]}
    assert demanded == set(GIVEN)
    assert {match[1] for match in references() if match[2] is None} == set()


def test_no_secret_has_a_value_of_its_own() -> None:
    for name in ("JWT_SECRET", "POSTGRES_PASSWORD", "REDIS_PASSWORD", "GRAFANA_PASSWORD"):
        assert re.search(rf"^{name}=$", EXAMPLE, re.MULTILINE), name


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_has_no_right_that_it_does_not_need(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    assert "cap_add" not in service
    assert not any("docker.sock" in str(volume) for volume in service.get("volumes", []))


@pytest.mark.parametrize("name", sorted(set(SERVICES) - OWN))
def test_a_foreign_image_is_pinned_by_version_and_digest(name: str) -> None:
    assert re.fullmatch(r"docker\.io/[a-z/-]+:v?\d+(\.\d+)+[a-z0-9.-]*@sha256:[0-9a-f]{64}", SERVICES[name]["image"])


def test_only_the_proxy_may_be_published_to_everybody() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published.pop("nginx") == ["${HTTP_LISTEN:-127.0.0.1:8080}:8080"]
    assert set(published) == {"grafana", "mailpit"}
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)


def test_stores_can_only_be_reached_from_inside() -> None:
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    assert [SERVICES[name]["networks"] for name in ("postgres", "redis", "prometheus")] == [["inside"]] * 3


def test_passwords_and_mails_travel_between_containers_under_one_certificate() -> None:
    """CFG-01: production refuses anything else, and the certificate stands for the names that are called."""
    settings = settings_of("bukhindor-1")
    redis, mail = settings.limiting.redis, settings.mail.server
    assert redis is not None
    assert mail is not None
    assert (redis.tls, redis.tls_files) == (True, {"ssl_ca_certs": "/tls/certificate.pem"})
    assert mail.starttls
    assert SERVICES["bukhindor-1"]["environment"]["SSL_CERT_FILE"] == "/tls/certificate.pem"
    certificate = SERVICES["certificate"]
    *_, program, folder, first, second = certificate["entrypoint"]
    assert {first, second} == {redis.host, mail.host}
    assert certificate["volumes"] == [f"tls:{folder}", f"./deploy/certificate/make.py:{program}:ro"]
    assert (certificate["network_mode"], "networks" in certificate) == ("none", False)
    (owner,) = read_dockerfile(ROOT / "Dockerfile")[-1].last("USER").words({})
    for name in (redis.host, mail.host):
        assert SERVICES[name]["user"] == owner, "it reads the key, which belongs to the user that made it"
        assert "tls:/tls:ro" in SERVICES[name]["volumes"]
        assert SERVICES[name]["depends_on"] == {"certificate": {"condition": "service_completed_successfully"}}
    assert "port 0" in str(SERVICES[redis.host]["command"])
    assert SERVICES[mail.host]["environment"]["MP_SMTP_REQUIRE_STARTTLS"] == "true"


def test_names_volumes_and_files_lead_somewhere() -> None:
    for name, service in SERVICES.items():
        assert set(service.get("networks", ())) <= set(COMPOSE["networks"]), name
        assert set(service.get("depends_on", {})) <= set(SERVICES), name
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            assert (ROOT / source).exists() if source.startswith("./") else source in COMPOSE["volumes"], volume


def test_a_service_that_others_wait_for_reports_its_health() -> None:
    own_check = {stage.last("HEALTHCHECK").name for stage in read_dockerfile(ROOT / "Dockerfile")[-1:]}
    assert own_check
    for service in SERVICES.values():
        for other, rule in service.get("depends_on", {}).items():
            if rule["condition"] == "service_healthy":
                assert other in REPLICAS or "test" in SERVICES[other]["healthcheck"], other
            else:
                assert other in ("migrate", "certificate")
                assert SERVICES[other]["restart"] == "no"


@pytest.mark.parametrize("name", REPLICAS)
def test_a_replica_may_finish_before_it_is_killed(name: str) -> None:
    """REL-01"""
    grace = parse_duration(SERVICES[name]["stop_grace_period"])
    assert grace > settings_of(name).server.shutdown_timeout
    assert parse_duration(SERVICES["nginx"]["stop_grace_period"]) > grace


@pytest.mark.parametrize("name", REPLICAS)
def test_only_the_proxy_is_trusted(name: str) -> None:
    address = SERVICES["nginx"]["networks"]["edge"]["ipv4_address"]
    assert [str(network) for network in settings_of(name).server.trusted_proxies] == [f"{address}/32"]


def test_a_fixed_address_is_never_given_to_another_container() -> None:
    (pool,) = COMPOSE["networks"]["edge"]["ipam"]["config"]
    subnet, given_out = IPv4Network(pool["subnet"]), IPv4Network(pool["ip_range"])
    named = [ip_address(SERVICES[name]["networks"]["edge"]["ipv4_address"]) for name in ("nginx", *REPLICAS)]
    fixed = {ip_address(pool["gateway"]), *named}
    assert len(fixed) == 4
    assert given_out.subnet_of(subnet)
    assert all(address.is_private and address in subnet and address not in given_out for address in fixed)


def test_one_service_builds_the_image_that_all_use() -> None:
    images = {SERVICES[name]["image"] for name in OWN}
    assert images == {"${BUKHINDOR_IMAGE:-bukhindor-backend:local}"}
    assert [name for name, service in SERVICES.items() if "build" in service] == ["migrate"]


def test_another_database_can_be_named() -> None:
    value = SERVICES["bukhindor-1"]["environment"]["DATABASE_URL"]
    assert filled_in(value).endswith(f":{GIVEN['POSTGRES_PASSWORD']}@postgres:5432/bukhindor?sslmode=disable")
    assert value.startswith("${DATABASE_URL:-")
    assert value.endswith("}")


def test_proxy_and_prometheus_know_the_replicas() -> None:
    upstream = (ROOT / "deploy" / "nginx" / "nginx.conf").read_text("utf-8")
    assert re.findall(r"^\s*server (\S+):8080 ", upstream, re.MULTILINE) == list(REPLICAS)
    prometheus = yaml.safe_load((ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text("utf-8"))
    (targets,) = [job["static_configs"] for job in prometheus["scrape_configs"] if job["job_name"] == "bukhindor"]
    assert targets == [{"targets": [f"{name}:9090" for name in REPLICAS]}]


def test_the_image_runs_on_a_python_that_the_project_supports() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    image = re.search(r"python:3\.(\d+)\.\d+-slim", read_dockerfile(ROOT / "Dockerfile")[-1].base)
    assert image is not None
    assert int(image[1]) >= int(project["requires-python"].removeprefix(">=3."))
