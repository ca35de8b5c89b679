"""The dangerous acts, the endpoints that carry them out, and the services that ask for a proof name one another."""

import ast
from pathlib import Path

import pytest

from bukhindor.domain.act import Act
from bukhindor.domain.errors import ReauthenticationRequired
from bukhindor.web.api.routes import ENDPOINTS
from bukhindor.web.endpoint.row import Endpoint

SOURCE = Path(__file__).parents[2] / "src" / "bukhindor"
# `acts_of` finds these in what a request changes.
FOUND_BY_CHANGE = {Act.CHANGE_EMAIL_OF_OTHER, Act.CHANGE_ROLE, Act.CHANGE_STATUS}


def acts_named_in(folder: Path) -> set[str]:
    """The members of Act that the files of a folder name, as in `Act.CHANGE_ROLE`."""
    trees = (ast.parse(file.read_text("utf-8")) for file in folder.rglob("*.py"))
    return {
        node.attr
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Act"
    }


def test_every_act_stands_in_the_route_table() -> None:
    assert {act for row in ENDPOINTS for act in row.acts} == set(Act)


def test_every_act_is_asked_for_by_a_service() -> None:
    assert acts_named_in(SOURCE / "services") == {act.name for act in set(Act) - FOUND_BY_CHANGE}


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.operation_id)
def test_an_endpoint_refuses_a_sign_in_that_is_not_fresh_if_it_acts(endpoint: Endpoint) -> None:
    """A change of the password always has the password in its body."""
    acts = set(endpoint.acts) - {Act.CHANGE_PASSWORD}
    assert (ReauthenticationRequired in endpoint.refuses) is bool(acts)
