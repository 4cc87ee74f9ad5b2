"""Rules and dashboards speak of metrics that exist, with labels that they have; each rule says what to do."""

import json
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from streams import metrics

DEPLOY = Path(__file__).resolve().parents[3] / "deploy"
RULES: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((DEPLOY / "prometheus/rules.yaml").read_text())["groups"]
    for rule in group["rules"]
]
SCRAPED = {"job", "instance", "installation", "le"}
"""Labels that Prometheus itself gives, and the histogram's own."""
OTHERS = {"up": set[str](), "process_start_time_seconds": set[str](), "process_resident_memory_bytes": set[str]()}
ENDINGS = ("_bucket", "_count", "_sum", "")


def known() -> dict[str, set[str]]:
    """Every series by name, with its labels."""
    found = dict(OTHERS)
    for line in metrics.manual():
        for ending in ENDINGS if line.kind == "histogram" else ("",):
            found[line.name + ending] = set(line.labels)
    return found


KNOWN = known()


def panels() -> Iterator[tuple[str, str]]:
    """Every expression of every dashboard, with its place."""
    for file in sorted((DEPLOY / "grafana/dashboards").glob("*.json")):
        for panel in json.loads(file.read_text())["panels"]:
            for target in panel["targets"]:
                yield f"{file.stem}: {panel['title']}", target["expr"]


EXPRESSIONS = [*((rule["alert"], rule["expr"]) for rule in RULES), *panels()]


def faults(expression: str) -> list[str]:
    """What of it nobody exports."""
    bare = re.sub(r'"[^"]*"', '""', expression)
    named = re.findall(r"\b((?:suar|process)_\w+|up)\b(\{[^}]*\})?", bare)
    assert named, "an expression is about some metric"
    found = [f"no metric {name}" for name, _ in named if name not in KNOWN]
    labels = set.union(*(KNOWN.get(name, set()) for name, _ in named)) | SCRAPED
    for name, matchers in named:
        for label in re.findall(r"(\w+)\s*[=!]~?", matchers):
            if label not in KNOWN.get(name, set()) | SCRAPED:
                found.append(f"{name} has no label {label}")
    made = set(re.findall(r'label_replace\(.*?,\s*"(\w+)",', expression))
    for group in re.findall(r"\bby \(([^)]*)\)", bare):
        found += [f"nothing has {label}" for each in group.split(",") if (label := each.strip()) not in labels | made]
    return found


@pytest.mark.parametrize(("place", "expression"), EXPRESSIONS, ids=[place for place, _ in EXPRESSIONS])
def test_metrics_exist_with_their_labels(place: str, expression: str) -> None:
    assert faults(expression) == [], place


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("sum(suar_lag)", "no metric suar_lag"),
        ('suar_lag_records{stage="x"}', "suar_lag_records has no label stage"),
        ("sum by (stage) (suar_lag_records)", "nothing has stage"),
    ],
)
def test_a_wrong_expression_is_seen(expression: str, said: str) -> None:
    """Without this, the test above would prove nothing."""
    assert said in faults(expression)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_a_rule_says_what_to_do(rule: dict[str, Any]) -> None:
    """In both languages, with a section of the runbook that says what it means, what to look at and what to do."""
    assert rule["labels"]["severity"] in {"critical", "warning"}
    told = rule["annotations"]
    assert told["summary"] != told["summary_en"]
    assert told["runbook"] == f"deploy/RUNBOOK.md#{rule['alert'].lower()}"
    [section] = re.findall(rf"^## {rule['alert']}\n(.*?)(?=^## |\Z)", runbook(), re.DOTALL | re.MULTILINE)
    assert section.strip().startswith("*")
    assert "**Do**" in section


def runbook() -> str:
    """Its whole text."""
    return (DEPLOY / "RUNBOOK.md").read_text()


def test_the_runbook_has_no_section_of_a_rule_that_is_gone() -> None:
    sections = set(re.findall(r"^## (Suar\w+)$", runbook(), re.MULTILINE))
    assert sections == {rule["alert"] for rule in RULES}


def test_links_within_the_runbook_lead_somewhere() -> None:
    heads = {
        re.sub(r"[^a-z0-9 -]", "", one.lower()).replace(" ", "-")
        for one in re.findall(r"^## (.+)$", runbook(), re.MULTILINE)
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", runbook())) <= heads


def test_what_is_suppressed_exists() -> None:
    """An inhibition that names a rule wrongly suppresses nothing, or too much."""
    held = yaml.safe_load((DEPLOY / "alertmanager/alertmanager.yaml").read_text())
    text = json.dumps([held["inhibit_rules"], held["route"]])
    assert set(re.findall(r"Suar\w+", text)) <= {rule["alert"] for rule in RULES}


def test_severities_are_routed() -> None:
    held = yaml.safe_load((DEPLOY / "alertmanager/alertmanager.yaml").read_text())
    names = {one["name"] for one in held["receivers"]}
    routes = [held["route"], *held["route"]["routes"]]
    assert {route["receiver"] for route in routes} == names
    assert [route["matchers"] for route in held["route"]["routes"]] == [['severity="critical"']]


def test_limits_of_feeds_are_the_policys() -> None:
    """Beyond the policy's limit absence is no evidence: that is the moment to be told."""
    limits = tomllib.loads((DEPLOY / "policy/2026-11.toml").read_text())["feed_limit_minutes"]
    [stale] = [rule["expr"] for rule in RULES if rule["alert"] == "SuarFeedStale"]
    quick = set(re.search(r'source=~"([^"]+)"', stale)[1].split("|"))  # type: ignore[index]
    assert limits == {source: 15 if source in quick else 60 for source in limits}


@pytest.mark.drills
def test_recorded_series() -> None:
    """promtool plays the series of deploy/prometheus/tests.yaml."""
    promtool = shutil.which("promtool")
    assert promtool is not None, "promtool is not installed: apt-get install -y --no-install-recommends prometheus"
    done = subprocess.run(
        [promtool, "test", "rules", "tests.yaml"],
        cwd=DEPLOY / "prometheus",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_grave_rules_have_recorded_series() -> None:
    """What wakes somebody was seen to speak."""
    text = (DEPLOY / "prometheus/tests.yaml").read_text()
    untested = [
        rule["alert"] for rule in RULES if rule["labels"]["severity"] == "critical" and rule["alert"] not in text
    ]
    assert untested == []


def test_dashboards_are_told_apart() -> None:
    files = sorted((DEPLOY / "grafana/dashboards").glob("*.json"))
    held = [json.loads(file.read_text()) for file in files]
    assert [one["uid"] for one in held] == [file.stem for file in files]
    for one in held:
        ids = [panel["id"] for panel in one["panels"]]
        assert len(ids) == len(set(ids))
        assert all(panel["datasource"]["uid"] == "prometheus" for panel in one["panels"])
