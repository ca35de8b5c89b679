"""Every refusal has a status, and a stable word of its own."""

import inspect
from collections.abc import Iterator
from http import HTTPStatus
from typing import TypeVar

import pytest

from bukhindor.domain import errors as domain
from bukhindor.server import refusal as server
from bukhindor.web.edge.problem import INTERNAL_ERROR
from bukhindor.web.endpoint import errors as web
from bukhindor.web.endpoint.refusals import WebRefusal

E = TypeVar("E", bound=Exception)


def leaves(of: type[E]) -> Iterator[type[E]]:
    """The classes below `of` that have none below themselves."""
    below: list[type[E]] = of.__subclasses__()
    for sub in below:
        yield from leaves(sub)
    if not below:
        yield of


DOMAIN = sorted(set(leaves(domain.BukhindorError)), key=lambda leaf: leaf.__name__)
WEB = sorted(set(leaves(WebRefusal)), key=lambda leaf: leaf.__name__)
EVERY: list[type[domain.BukhindorError] | type[WebRefusal]] = [*DOMAIN, *WEB]
SERVER = [refusal for _, refusal in inspect.getmembers(server, lambda it: isinstance(it, server.Refusal))]


def test_every_leaf_of_the_domain_has_a_status_and_nothing_else_has() -> None:
    assert set(web.STATUS_OF) == set(DOMAIN)


def test_every_status_is_one_of_refusals() -> None:
    statuses = [*web.STATUS_OF.values(), *(leaf.status for leaf in WEB), INTERNAL_ERROR[0]]
    assert all(400 <= HTTPStatus(status) < 600 for status in statuses)


def test_every_leaf_has_a_word_of_its_own() -> None:
    codes = [leaf.code for leaf in EVERY]
    assert len(set(codes)) == len(codes)
    assert INTERNAL_ERROR[1] not in codes


def test_a_word_means_the_same_wherever_it_is_used() -> None:
    """The server's refusals may share a word with ours only for the same status."""
    status_of = {leaf.code: web.STATUS_OF[leaf] for leaf in DOMAIN} | {leaf.code: leaf.status for leaf in WEB}
    others = [(INTERNAL_ERROR[1], INTERNAL_ERROR[0])]
    others += [(refusal.error_code, refusal.status) for refusal in SERVER]
    assert SERVER
    for code, status in others:
        assert status_of.setdefault(code, status) == status, code


@pytest.mark.parametrize("leaf", EVERY, ids=lambda leaf: str(leaf.__name__))
def test_words_are_for_machines_and_details_for_people(leaf: type[Exception]) -> None:
    code, detail = vars(leaf)["code"], vars(leaf)["detail"]
    assert code.replace("_", "").isalpha()
    assert code == code.lower()
    assert detail[0].isupper()
    assert detail.endswith(".")


def test_the_tree_that_people_read_is_the_tree_that_runs() -> None:
    text = domain.__doc__ or ""
    for leaf in DOMAIN:
        (line,) = [line for line in text.splitlines() if f" {leaf.__name__} " in line]
        assert line.split()[-1] == leaf.code
