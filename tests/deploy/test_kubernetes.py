"""The manifests fit the service and each other; their form is checked against Kubernetes' schemas by `make check`."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from bukhindor.config import Settings
from bukhindor.web.api.routes import ENDPOINTS

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "kubernetes"
OPTIONAL = {"kustomization.yaml", "secret.example.yaml", "servicemonitor.yaml"}
SECRETS = {
    "JWT_SECRET": "kq3v8Zp1TnW6yRb0sXcJ4uLmGd9eHf2aQo7i",
    "DATABASE_URL": "postgresql://bukhindor:pw@postgres.example.com:5432/bukhindor?sslmode=verify-full",
    "REDIS_URL": "rediss://:pw@redis.example.com:6379/0",
    "SMTP_URL": "smtp://user:pw@mail.example.com:587",
}

Manifest = dict[str, Any]


def manifests(file: str) -> list[Manifest]:
    return list(yaml.safe_load_all((FOLDER / file).read_text("utf-8")))


def pod_of(file: str) -> Manifest:
    (manifest,) = manifests(file)
    return dict(manifest["spec"]["template"])


@pytest.fixture
def settings() -> Settings:
    (configuration,) = manifests("configmap.yaml")
    return Settings.read({**configuration["data"], **SECRETS}, None)


def test_the_service_accepts_its_settings(settings: Settings) -> None:
    assert settings.is_production
    assert not settings.store.migrate_on_start


def test_the_example_of_the_secret_names_every_secret_and_holds_none() -> None:
    (example,) = manifests("secret.example.yaml")
    assert set(example["stringData"]) == set(SECRETS)
    assert all("<" in value for value in example["stringData"].values())


def test_everything_is_in_the_kustomization_but_what_is_optional() -> None:
    (kustomization,) = manifests("kustomization.yaml")
    assert set(kustomization["resources"]) == {file.name for file in FOLDER.glob("*.yaml")} - OPTIONAL


def test_no_manifest_names_a_namespace() -> None:
    assert [
        file.name
        for file in FOLDER.glob("*.yaml")
        for one in manifests(file.name)
        if "namespace" in one.get("metadata", {})
    ] == []


@pytest.mark.parametrize("file", ["deployment.yaml", "migration.yaml"])
def test_pods_meet_the_restricted_standard(file: str) -> None:
    spec = pod_of(file)["spec"]
    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    (container,) = spec["containers"]
    security = container["securityContext"]
    assert security["allowPrivilegeEscalation"] is False
    assert security["readOnlyRootFilesystem"] is True
    assert security["capabilities"] == {"drop": ["ALL"]}
    assert {mount["mountPath"] for mount in container["volumeMounts"]} == {"/tmp", "/data"}
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in spec["volumes"]}
    assert "memory" in container["resources"]["limits"]


def test_probes_ask_what_is_there(settings: Settings) -> None:
    """REL-30: only readiness depends on the database."""
    (container,) = pod_of("deployment.yaml")["spec"]["containers"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert ports == {"http": settings.server.port, "metrics": settings.monitoring.metrics_port}
    probes = {name: container[f"{name}Probe"]["httpGet"] for name in ("startup", "liveness", "readiness")}
    assert {probe["path"] for probe in probes.values()} <= {endpoint.path for endpoint in ENDPOINTS}
    assert (probes["liveness"]["path"], probes["readiness"]["path"]) == ("/health/live", "/health/ready")


def test_a_pod_may_finish_before_it_is_killed(settings: Settings) -> None:
    """REL-01"""
    grace = pod_of("deployment.yaml")["spec"]["terminationGracePeriodSeconds"]
    assert grace > (settings.server.shutdown_timeout + settings.server.shutdown_delay).total_seconds()


def test_selectors_find_the_pods() -> None:
    labels = pod_of("deployment.yaml")["metadata"]["labels"]
    (deployment,) = manifests("deployment.yaml")
    (budget,) = manifests("disruption.yaml")
    selectors = [deployment["spec"]["selector"]["matchLabels"], budget["spec"]["selector"]["matchLabels"]]
    selectors += [service["spec"]["selector"] for service in manifests("service.yaml")]
    assert selectors == [labels] * 4
    assert pod_of("migration.yaml")["metadata"]["labels"] != labels


def test_a_release_takes_no_pod_away_before_another_is_ready() -> None:
    (deployment,) = manifests("deployment.yaml")
    assert deployment["spec"]["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}
    assert "replicas" not in deployment["spec"]
    (autoscaler,) = manifests("autoscaler.yaml")
    assert autoscaler["spec"]["scaleTargetRef"]["name"] == deployment["metadata"]["name"]
    assert autoscaler["spec"]["minReplicas"] >= 2


def test_the_monitor_finds_the_service_for_metrics() -> None:
    (monitor,) = manifests("servicemonitor.yaml")
    wanted = monitor["spec"]["selector"]["matchLabels"]["app.kubernetes.io/component"]
    (service,) = [
        one for one in manifests("service.yaml") if one["metadata"]["labels"]["app.kubernetes.io/component"] == wanted
    ]
    assert [port["name"] for port in service["spec"]["ports"]] == [monitor["spec"]["endpoints"][0]["port"]]


def test_pods_reach_the_providers_of_identities() -> None:
    (policy,) = manifests("network.yaml")
    anywhere = [rule["ports"] for rule in policy["spec"]["egress"] if "to" not in rule]
    assert {"port": 443} in [port for ports in anywhere for port in ports]
