"""How much of the program one endpoint reaches: a handler names its use case, and not the list of all of them."""

from functools import cache

import grimp
import pytest

from bukhindor.web.api.routes import ENDPOINTS
from bukhindor.web.endpoint.row import Endpoint

MOST = 74
"""First-party modules: second factors and fresh sign-ins are asked for in many places, refusals fill five files, and
every sign-in may merge a guest."""


@cache
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("bukhindor")


@cache
def reached_from(module: str) -> frozenset[str]:
    found, waiting = {module}, [module]
    while waiting:
        for imported in graph().find_modules_directly_imported_by(waiting.pop()):
            if imported not in found:
                found.add(imported)
                waiting.append(imported)
    return frozenset(found)


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.operation_id)
def test_an_endpoint_reaches_few_modules(endpoint: Endpoint) -> None:
    assert len(reached_from(endpoint.handler.__module__)) <= MOST


def test_nothing_in_web_imports_the_list_of_all_use_cases() -> None:
    importers = graph().find_modules_that_directly_import("bukhindor.services.assembly")
    assert [module for module in importers if module.startswith("bukhindor.web")] == []


def test_no_use_case_imports_the_whole_store() -> None:
    importers = graph().find_modules_that_directly_import("bukhindor.ports.store.full")
    in_services = {module for module in importers if module.startswith("bukhindor.services")}
    assert in_services == {"bukhindor.services.requirements"}
