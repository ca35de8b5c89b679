"""What the queries of dashboards and alerts ask for."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

DEPLOY = Path(__file__).parents[2] / "deploy"
# What Prometheus adds, or makes by itself.
_OWN_METRICS = frozenset({"up", "ALERTS"})
_OWN_LABELS = frozenset({"job", "instance"})

_STRING = re.compile(r'"[^"]*"')
_RANGE = re.compile(r"\[[^\]]*\]")
_SELECTOR = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)\s*\{([^}]*)\}")
_GROUPING = re.compile(r"\b(by|without|on|ignoring)\s*\(([^)]*)\)")
_WORD = re.compile(r"(?<![$\w])[a-zA-Z_:][a-zA-Z0-9_:]*(?!\w*\s*\()")
_EXACT = re.compile(r'(\w+)="([^"$]*)"')
_SYNTAX = frozenset({"and", "or", "unless", "offset", "by", "without", "on", "ignoring", "bool"})


@dataclass(frozen=True)
class Query:
    """One expression of PromQL, and where it stands."""

    place: str
    text: str

    def metrics(self) -> dict[str, set[str]]:
        """Each metric of the service that it reads, with the labels that it selects or groups by."""
        grouped = {label.strip() for match in _GROUPING.finditer(self.text) for label in match[2].split(",")}
        found = {
            match[1]: {part.split("=")[0].rstrip("!").strip() for part in _labels(match[2])}
            for match in _SELECTOR.finditer(self.text)
        }
        plain = _RANGE.sub("", _GROUPING.sub("", _SELECTOR.sub("", _STRING.sub("", self.text))))
        plain = re.sub(r"\boffset\s+\w+", "", plain)
        words = {word for word in _WORD.findall(plain) if word not in _SYNTAX}
        return {
            name: (labels | grouped) - _OWN_LABELS
            for name, labels in {**{word: set[str]() for word in words}, **found}.items()
            if name not in _OWN_METRICS
        }

    def values(self) -> set[tuple[str, str, str]]:
        """Metric, label and value of each exact comparison."""
        return {
            (selector[1], label, value)
            for selector in _SELECTOR.finditer(self.text)
            for label, value in _EXACT.findall(selector[2])
            if label not in _OWN_LABELS and selector[1] not in _OWN_METRICS
        }


def of_alerts() -> Iterator[Query]:
    rules = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text("utf-8"))
    for group in rules["groups"]:
        for rule in group["rules"]:
            yield Query(rule["alert"], rule["expr"])


def of_dashboards() -> Iterator[Query]:
    for file in sorted((DEPLOY / "grafana" / "dashboards").glob("*.json")):
        dashboard = json.loads(file.read_text("utf-8"))
        for annotation in dashboard["annotations"]["list"]:
            yield Query(f"{file.name}: {annotation['name']}", annotation["expr"])
        for panel in panels(dashboard):
            for target in panel.get("targets", []):
                yield Query(f"{file.name}: {panel['title']}", target["expr"])


def panels(dashboard: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """All panels, those in folded rows too."""
    for panel in dashboard["panels"]:
        yield panel
        yield from panel.get("panels", [])


def _labels(text: str) -> list[str]:
    return [part for part in _STRING.sub('""', text).split(",") if part.strip()]
