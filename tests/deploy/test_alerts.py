"""Prometheus accepts what deploy/prometheus holds, and each alert fires when it should and leads to help."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.servers.programs import PROMTOOL, environment, locate

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "prometheus"


def alerts() -> list[dict[str, Any]]:
    rules = yaml.safe_load((FOLDER / "alerts.yml").read_text("utf-8"))
    return [rule for group in rules["groups"] for rule in group["rules"]]


@pytest.mark.parametrize(
    "command",
    [("check", "config", "prometheus.yml"), ("check", "rules", "alerts.yml"), ("test", "rules", "alerts_test.yml")],
    ids=" ".join,
)
def test_promtool_agrees(command: tuple[str, ...]) -> None:
    promtool = locate(PROMTOOL)
    done = subprocess.run(
        [promtool, *command], cwd=FOLDER, env=environment(promtool), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_alert_is_seen_firing_in_a_rule_test() -> None:
    cases = yaml.safe_load((FOLDER / "alerts_test.yml").read_text("utf-8"))["tests"]
    fired = {check["alertname"] for case in cases for check in case["alert_rule_test"] if check["exp_alerts"]}
    assert fired == {alert["alert"] for alert in alerts()}


def test_each_alert_says_what_how_bad_and_what_to_do() -> None:
    for alert in alerts():
        assert alert["labels"]["severity"] in ("critical", "warning", "info")
        assert set(alert["annotations"]) == {"summary", "description", "runbook_url"}
        assert "for" in alert


def test_each_alert_has_a_chapter_in_the_guide_for_operators() -> None:
    guide = (ROOT / "docs" / "operations.md").read_text("utf-8")
    anchors = {
        f"docs/operations.md#{title.lower()}" for title in re.findall(r"^#+ (Bukhindor\w+)$", guide, re.MULTILINE)
    }
    assert anchors == {alert["annotations"]["runbook_url"] for alert in alerts()}
