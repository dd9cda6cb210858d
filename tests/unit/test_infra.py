"""The deployment in parts: valid by schema and hadolint, and what it says of Ogive is true."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
import yaml

from infra import secrets
from service.settings import PREFIX, SECRETS, Settings
from workers.products import keys

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "docker-compose.yml"
IMAGES = sorted((ROOT / "infra" / "images").glob("*.Dockerfile"))
RULES = ("policy", "lifecycle")
PROGRAMS = Path(sys.executable).parent


def compose() -> dict:
    return yaml.safe_load(COMPOSE.read_text())


@pytest.fixture(scope="module")
def services() -> dict[str, dict]:
    return compose()["services"]


def ran(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_compose_file_is_valid_by_the_schema_of_the_specification(tmp_path):
    check = PROGRAMS / "check-jsonschema", "--builtin-schema", "vendor.compose-spec"
    valid = ran(*check, COMPOSE)
    assert valid.returncode == 0, valid.stdout
    wrong = tmp_path / "docker-compose.yml"
    wrong.write_text(COMPOSE.read_text().replace("restart: always", "restrt: always"))
    assert ran(*check, wrong).returncode == 1


@pytest.mark.parametrize("image", IMAGES, ids=lambda path: path.name)
def test_image_passes_hadolint(image):
    found = ran(PROGRAMS / "hadolint", "--no-color", image)
    assert (found.returncode, found.stdout) == (0, "")


def test_every_build_names_an_image_file_that_is_there(services):
    builds = {ROOT / service["build"]["dockerfile"] for service in services.values() if "build" in service}
    assert builds == set(IMAGES)


def test_images_hold_what_the_context_lets_through():
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {
        word
        for image in IMAGES
        for line in image.read_text().splitlines()
        if line.startswith("COPY ") and "--from" not in line
        for word in line.split()[1:-1]
    }
    assert copied == allowed
    assert all((ROOT / name).exists() for name in allowed)


def test_only_the_service_is_reached_from_outside(services):
    open_ports = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert open_ports.pop("service") == ["${PORT:-8000}:8000"]
    assert all(port.startswith("127.0.0.1:") for ports in open_ports.values() for port in ports)


def test_what_keeps_things_and_what_computes_cannot_be_reached_from_another_network(services):
    networks = compose()["networks"]
    assert {name for name, network in networks.items() if network and network.get("internal")} == {
        "cluster",
        "stores",
    }
    for name, alone in (("database", ["stores"]), ("objects", ["stores"]), ("scheduler", ["cluster"])):
        assert services[name]["networks"] == alone


def test_secrets_come_from_files_that_one_command_makes(services, tmp_path):
    document = compose()
    written = {path.name: path for path in secrets.write(tmp_path / "secrets")}
    assert set(document["secrets"]) == set(written)
    assert {entry["file"] for entry in document["secrets"].values()} == {f"./secrets/{n}" for n in written}
    used = {name for service in services.values() for name in service.get("secrets", [])}
    assert used == set(written)
    for service in services.values():
        named = re.findall(r"/run/secrets/(\w+)", json.dumps(service.get("environment", {})))
        assert set(named) <= set(service.get("secrets", []))
    password = written["database_password"].read_text()
    assert f":{password}@database:5432/ogive" in written["ogive_database"].read_text()
    assert secrets.write(tmp_path / "secrets") == []
    assert (tmp_path / "secrets").stat().st_mode & 0o077 == 0
    assert "/secrets/" in (ROOT / ".gitignore").read_text().splitlines()


def test_what_the_deployment_mounts_is_there(services):
    mounted = [v for service in services.values() for v in service.get("volumes", [])]
    sources = {volume.partition(":")[0] for volume in mounted}
    named = {source for source in sources if not source.startswith("./")}
    assert named == set(compose()["volumes"])
    assert all((ROOT / source).exists() for source in sources - named)


def test_what_runs_on_is_always_restarted_and_watched(services):
    lasting = {name: service for name, service in services.items() if name != "bucket"}
    assert {service["restart"] for service in lasting.values()} == {"always"}
    assert all(service["healthcheck"]["test"] for service in lasting.values())
    assert services["service"]["depends_on"]["bucket"] == {"condition": "service_completed_successfully"}


def test_own_containers_have_no_more_rights_than_they_need(services):
    for name, service in services.items():
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert name == "bucket" or service["deploy"]["resources"]["limits"]["memory"], name
    for image in IMAGES:
        users = re.findall(r"^USER (\S+)$", image.read_text(), re.MULTILINE)
        assert users
        assert users[-1] not in ("0", "root")


def test_every_image_has_a_version(services):
    names = [service["image"] for service in services.values()]
    names += [
        name for image in IMAGES for name in re.findall(r"^FROM (\S+)", image.read_text(), re.MULTILINE)
    ]
    stages = {name for image in IMAGES for name in re.findall(r" AS (\S+)$", image.read_text(), re.MULTILINE)}
    for name in set(names) - stages:
        assert re.search(r":v?\d", name), name
        assert not name.startswith("minio/minio"), "withdrawn by its makers"


def test_settings_named_by_the_deployment_exist(services):
    known = {PREFIX + name.upper() for name in (*Settings.model_fields, *(f"{it}_file" for it in SECRETS))}
    text = COMPOSE.read_text() + "".join(image.read_text() for image in IMAGES)
    named = set(re.findall(r"\b(OGIVE_[A-Z_]+)\b", text))
    assert {"OGIVE_SCHEDULER", "OGIVE_PRODUCTS", "OGIVE_DATA"} <= named <= known
    assert not any("minio" in service["image"] for service in services.values())


def test_empty_values_of_the_deployment_mean_the_defaults(monkeypatch, services):
    environment = services["service"]["environment"]
    for name in ("OGIVE_CUBES", "OGIVE_PUBLIC_URL"):
        assert environment[name].endswith(":-}")
        monkeypatch.setenv(name, "")
    settings = Settings()
    assert (settings.cubes, settings.public_url) == ((), None)


def test_workers_offer_the_resource_that_a_shard_takes(services):
    from service.cluster import SHARD

    (name, amount), *none = SHARD.items()
    assert none == []
    assert f"--resources={name}={amount}" in services["worker"]["command"]


def test_version_of_the_image_is_that_of_the_package(services):
    from workers.version import VERSION

    assert {service["image"] for service in services.values() if "build" in service} == {f"ogive:{VERSION}"}


def test_the_bucket_is_the_one_that_products_go_to(services):
    program, bucket = services["bucket"]["command"][1:]
    assert (ROOT / "infra" / program.lstrip("/")).exists()
    assert services["service"]["environment"]["OGIVE_PRODUCTS"] == f"s3://{bucket}/products"


def test_what_everybody_may_read_are_the_products():
    policy, lifecycle = (json.loads((ROOT / "infra/bucket" / f"{it}.json").read_text()) for it in RULES)
    (statement,) = policy["Statement"]
    assert statement["Action"] == ["s3:GetObject"]
    assert statement["Resource"] == [f"arn:aws:s3:::BUCKET/products/{keys.PREFIX}/*"]
    expired = [rule["Filter"]["Prefix"] for rule in lifecycle["Rules"] if "Expiration" in rule]
    assert expired
    assert not any(f"products/{keys.PREFIX}/".startswith(prefix) for prefix in expired)


def test_workers_compile_their_kernels_before_they_take_a_task(services):
    preloaded = [part.split("=")[1] for part in services["worker"]["command"] if "--preload=" in part]
    assert [callable(import_module(name).dask_setup) for name in preloaded] == [True]


def test_workers_keep_the_memory_of_a_pixel_for_the_next():
    settings = yaml.safe_load((ROOT / "infra" / "dask" / "ogive.yaml").read_text())
    kept = settings["distributed"]["nanny"]["pre-spawn-environ"]
    # Above what the arrays of a pixel of 80,000 pairs take; glibc heeds no larger MMAP_THRESHOLD than 32 MiB.
    assert kept["MALLOC_TRIM_THRESHOLD_"] >= 1 << 26
    assert 1 << 22 <= kept["MALLOC_MMAP_THRESHOLD_"] <= 1 << 25


def test_the_bill_of_materials_is_that_of_the_lock(tmp_path):
    target = tmp_path / "ogive.cdx.json"
    recipe = next(line for line in (ROOT / "Makefile").read_text().split("\n\n") if "\nsbom:" in line)
    options = (
        recipe.partition("cyclonedx-py ")[2].replace("\\\n", " ").replace("dist/ogive.cdx.json", str(target))
    )
    made = subprocess.run(
        [PROGRAMS / "cyclonedx-py", *options.split()], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stderr
    document = json.loads(target.read_text())
    assert (document["bomFormat"], document["metadata"]["component"]["name"]) == ("CycloneDX", "ogive")
    locked = re.findall(r"^([a-z0-9._-]+)==(\S+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    assert sorted({(part["name"], part["version"]) for part in document["components"]}) == sorted(locked)
    assert "timestamp" not in document["metadata"]
