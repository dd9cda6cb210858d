"""The deployment on Kubernetes: valid by Kubernetes' own schemas, and what it says of Ogive is true."""

from __future__ import annotations

import copy
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from infra import secrets
from service.settings import PREFIX, SECRETS, Settings

ROOT = Path(__file__).parents[2]
HOME = ROOT / "infra" / "kubernetes"
RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}


def resources() -> dict[tuple[str, str], dict[str, Any]]:
    """Every resource, by its kind and name."""
    kustomization = yaml.safe_load((HOME / "kustomization.yaml").read_text())
    read = [it for name in kustomization["resources"] for it in yaml.safe_load_all((HOME / name).read_text())]
    return {(it["kind"], it["metadata"]["name"]): it for it in read}


def pods() -> dict[str, dict[str, Any]]:
    """What is said of the pods of each part; the operator of Dask makes those of two."""
    found = resources()
    cluster = found["DaskCluster", "ogive"]["spec"]
    return {
        "service": found["Deployment", "ogive"]["spec"]["template"]["spec"],
        "scheduler": cluster["scheduler"]["spec"],
        "worker": cluster["worker"]["spec"],
    }


def native() -> dict[str, dict[str, Any]]:
    """What Kubernetes has a schema of: its own resources, and the parts of Dask's that are its own."""
    found = {
        f"{kind} {name}": it for (kind, name), it in resources().items() if "dask.org" not in it["apiVersion"]
    }
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "dask"}}
    for name in ("scheduler", "worker"):
        found[f"Pod {name}"] = pod | {"spec": pods()[name]}
    service = resources()["DaskCluster", "ogive"]["spec"]["scheduler"]["service"]
    return found | {"Service scheduler": pod | {"kind": "Service", "spec": service}}


@pytest.mark.parametrize("name", native())
def test_every_resource_is_valid(name):
    kubernetes_validate.validate(copy.deepcopy(native()[name]), "1.32", strict=True)


def test_a_misspelt_member_is_found():
    wrong = copy.deepcopy(native()["Pod worker"])
    wrong["spec"]["containers"][0]["volumeMount"] = []
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, "1.32", strict=True)


def test_kustomize_builds_all_of_it_with_one_image_and_one_map():
    if shutil.which("kubectl") is None:
        pytest.skip("needs kubectl: apt-get install kubernetes-client")
    built = subprocess.run(["kubectl", "kustomize", HOME], capture_output=True, text=True, check=True).stdout
    made = {(it["kind"], it["metadata"]["name"]) for it in yaml.safe_load_all(built)}
    assert set(resources()) < made
    maps = {name for kind, name in made if kind == "ConfigMap"}
    assert set(re.findall(r"configMapRef:\n +name: (\S+)", built)) == maps
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    assert set(re.findall(r"image: (\S+)", built)) == {compose["services"]["service"]["image"]}


def test_containers_have_no_more_rights_than_they_need():
    for name, pod in pods().items():
        assert pod["securityContext"]["runAsNonRoot"], name
        assert pod["automountServiceAccountToken"] is False, name
        for container in pod["containers"]:
            assert container["securityContext"] == RESTRICTED, name
            assert container["resources"]["limits"]["memory"], name


def test_settings_and_secrets_that_are_named_exist(tmp_path):
    known = {PREFIX + name.upper() for name in (*Settings.model_fields, *(f"{it}_file" for it in SECRETS))}
    text = "".join(path.read_text() for path in HOME.glob("*.yaml"))
    named = set(re.findall(r"\b(OGIVE_[A-Z_]+)\b", text))
    assert {"OGIVE_SCHEDULER", "OGIVE_PRODUCTS", "OGIVE_DATABASE_FILE"} <= named <= known
    kept = {path.name for path in secrets.write(tmp_path / "secrets")}
    used = set(re.findall(r"/run/secrets/ogive/(\w+)", text))
    assert "dask_key" in used
    assert used <= kept


def test_workers_are_those_of_the_compose_file():
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]["worker"]["command"]
    ours = pods()["worker"]["containers"][0]["args"]
    alike = ("--nworkers", "--nthreads", "--resources", "--preload", "--local-directory")
    assert [it for it in ours if it.startswith(alike)] == [it for it in compose if it.startswith(alike)]


def test_every_policy_and_selector_finds_the_pods_it_is_meant_for():
    labels = {
        "service": resources()["Deployment", "ogive"]["spec"]["template"]["metadata"]["labels"],
        # As the operator labels them.
        "scheduler": {"dask.org/cluster-name": "ogive", "dask.org/component": "scheduler"},
        "worker": {"dask.org/cluster-name": "ogive", "dask.org/component": "worker"},
    }
    found = resources()
    for name, its in labels.items():
        selector = found["NetworkPolicy", name]["spec"]["podSelector"]["matchLabels"]
        assert selector.items() <= its.items(), name
    for kind in ("Deployment", "PodDisruptionBudget"):
        assert found[kind, "ogive"]["spec"]["selector"]["matchLabels"] == labels["service"]
    assert found["Service", "ogive"]["spec"]["selector"] == labels["service"]
    assert found["NetworkPolicy", "closed"]["spec"] == {"podSelector": {}, "policyTypes": ["Ingress"]}
    named = json.dumps([it["spec"]["rules"] for (kind, _), it in found.items() if kind == "Ingress"])
    assert '"name": "ogive", "port": {"name": "http"}' in named
    ports = {port["name"] for port in pods()["service"]["containers"][0]["ports"]}
    assert {"http", "metrics"} <= ports


def test_the_operator_finds_the_scheduler_and_the_cluster():
    found = resources()
    ports = found["DaskCluster", "ogive"]["spec"]["scheduler"]["service"]["ports"]
    assert {port["name"] for port in ports} == {"tcp-comm", "http-dashboard"}  # it asks for them by name
    assert found["DaskAutoscaler", "ogive"]["spec"]["cluster"] == "ogive"
    environment = pods()["scheduler"]["containers"][0]["env"]
    (routes,) = [json.loads(it["value"]) for it in environment if it["name"].endswith("HTTP__ROUTES")]
    assert "distributed.http.scheduler.api" in routes
