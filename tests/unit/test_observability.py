"""What watches over a deployment: rules and dashboards that ask for what there is, and rules that fire."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from prometheus_client import REGISTRY
from prometheus_client.metrics import MetricWrapperBase

from service.observability import measures as of_service
from workers.telemetry import measures as of_workers

FOLDER = Path(__file__).parents[2] / "infra" / "observability"
RULES = yaml.safe_load((FOLDER / "rules.yml").read_text())["groups"]
DASHBOARDS = sorted((FOLDER / "grafana" / "dashboards").glob("*.json"))
FOREIGN = {
    "up",  # Prometheus's own
    "process_resident_memory_bytes",
    "process_cpu_seconds_total",
    "dask_worker_tasks",
    "dask_worker_memory_bytes",
}
SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "info": ("_info",)}
WORDS = {"by", "sum", "max", "min", "rate", "increase", "le", "and", "or", "on", "without", "unless"}


def _rules() -> Iterator[dict]:
    for group in RULES:
        yield from group["rules"]


def _asked(expression: str) -> set[str]:
    """Names of the series that an expression asks for."""
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]|\bby \([^)]*\)", " ", re.sub(r'"[^"]*"', '""', expression))
    return set(re.findall(r"(?<![\w:.])[a-z_][\w:]*(?!\w*\s*\()", bare)) - WORDS


@pytest.fixture(scope="module")
def told() -> set[str]:
    """Names of all series that the code tells, and that the rules record."""
    names = {rule["record"] for rule in _rules() if "record" in rule}
    for family in REGISTRY.collect():
        names |= {f"{family.name}{suffix}" for suffix in SUFFIXES.get(family.type, ("",))}
    return names


def test_the_names_of_an_expression_are_found():
    asked = 'sum by (le, a) (rate(x_bucket{route!="/y{z}"}[5m])) / clamp_min(ogive:r:rate5m, 1e-9) > 0.05'
    assert _asked(asked) == {"x_bucket", "ogive:r:rate5m"}


@pytest.mark.parametrize("rule", list(_rules()), ids=lambda rule: rule.get("alert") or rule["record"])
def test_a_rule_asks_for_what_is_told(rule, told):
    asked = _asked(rule["expr"])
    assert asked
    assert asked <= told | FOREIGN


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_a_dashboard_asks_for_what_is_told(path, told):
    board = json.loads(path.read_text())
    asked = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    assert len(asked) > 10
    for expression in asked:
        assert _asked(expression), expression
        assert _asked(expression) <= told | FOREIGN, expression
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    assert len({panel["title"] for panel in board["panels"]}) == len(board["panels"])


def test_every_measure_is_used_or_told_to_operators():
    """A measure that nobody looks at is a cost without a use."""
    looked_at = "".join(path.read_text() for path in (*FOLDER.rglob("*.json"), FOLDER / "rules.yml"))
    page = (FOLDER.parents[1] / "docs" / "operations.md").read_text()
    for module in (of_service, of_workers):
        for measure in vars(module).values():
            for family in measure.collect() if isinstance(measure, MetricWrapperBase) else ():
                name = f"{family.name}_total" if family.type == "counter" else family.name
                assert f"| `{name}` |" in page, name
                assert family.name in looked_at or family.name == "ogive_build", family.name


def test_alerts_say_what_is_wrong_and_how_urgent_it_is():
    alerts = [rule for rule in _rules() if "alert" in rule]
    assert alerts
    for alert in alerts:
        assert alert["labels"]["severity"] in {"page", "ticket"}
        assert alert["annotations"]["summary"].endswith((".", "?"))


def test_rules_fire_when_they_should():
    if shutil.which("promtool") is None:
        pytest.skip("needs promtool: apt-get install prometheus")
    for check in (("check", "config", "prometheus.yml"), ("test", "rules", "rules_test.yml")):
        found = subprocess.run(["promtool", *check], cwd=FOLDER, capture_output=True, text=True, check=False)
        assert found.returncode == 0, found.stdout + found.stderr
