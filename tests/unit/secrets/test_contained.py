"""Where a secret value is said to be, and where the builders of Secrets really read it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel

from panda_infra.config.base import Model
from panda_infra.config.paths import Path, spelled
from panda_infra.config.secrets import Certificate, Certificates, Files, Secrets
from panda_infra.config.stack import StackConfig
from panda_infra.products.registry import (
    BUILDERS,
    COMPONENTS,
    PRODUCTS,
    components_of,
    product_of_experiment,
)
from panda_infra.products.secret_values import SecretValue
from panda_infra.secrets.fields import fields
from panda_infra.secrets.generate import stand_ins
from tests.support import ctao
from tests.support.stacks import stack as of_panda
from tests.unit.secrets.stacks import FULL, ORACLE, config

_CLIENTS = {
    "clients": [{"name": "panda_dev", "clientId": "c"}],
    "internal": {"clientId": "i"},
    "tokenCache": {"clientId": "t"},
}
_ELSEWHERE = {"kind": "external", "host": "db.site.org"}


def _stacks() -> dict[str, StackConfig]:
    outside = {"rucioDatabase": _ELSEWHERE, "diracDatabase": _ELSEWHERE}
    return {
        "full": config(FULL),
        "oracle": config(ORACLE),
        "everything": of_panda(auth=_CLIENTS, objectStore={"host": "s3.site.org", "bucket": "logs"}),
        "ctao": ctao.stack(components=ctao.EVERYTHING),
        "ctao outside": ctao.stack(components=ctao.EVERYTHING, interfaces=ctao.INTERFACES | outside),
    }


STACKS = _stacks()


class _Reads:
    """The secret values that are read while a Secret is built, by their models and fields."""

    def __init__(self) -> None:
        self.found: set[tuple[type[BaseModel], str]] = set()

    def watch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        plain = Model.__getattribute__

        def watched(model: Model, name: str) -> Any:
            self.found.add((type(model), name))
            return plain(model, name)

        monkeypatch.setattr(Model, "__getattribute__", watched, raising=False)


def _values(model: type[BaseModel], path: Path = ()) -> Iterator[tuple[Path, tuple[type[BaseModel], str]]]:
    """The path of each secret value below a model, with that model and its field.

    Left out are certificates, files, and what is no section's: to find a section, all of these are looked at.
    """
    for name, info in model.model_fields.items():
        here = (*path, str(info.alias))
        inner = info.annotation
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            if path:
                yield here, (model, name)
        elif inner not in (Certificate, Certificates, Files):
            yield from _values(inner, here)


@pytest.fixture(params=STACKS)
def stack(request: pytest.FixtureRequest) -> StackConfig:
    found = STACKS[request.param]
    return found.model_copy(update={"secrets": stand_ins(found)})


def _read(stack: StackConfig, monkeypatch: pytest.MonkeyPatch) -> dict[Path, set[str]]:
    """The Secrets in whose making each value is read."""
    product = product_of_experiment(stack.experiment)
    known = dict(_values(Secrets))
    reads = _Reads()
    reads.watch(monkeypatch)
    found: dict[Path, set[str]] = {}
    for suffix in (suffix for spec in components_of(product).values() for suffix in spec.builders):
        reads.found.clear()
        BUILDERS[suffix](product.context(stack))
        for path, place in known.items():
            if place in reads.found:
                found.setdefault(path, set()).add(suffix)
    monkeypatch.undo()
    return found


def test_every_secret_that_contains_a_value_is_known(
    stack: StackConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or its pods would not be replaced when the value changes, and a stack could miss the value unnoticed."""
    described: dict[Path, set[str]] = {}
    for field in fields(stack):
        described.setdefault(field.path, set()).update(field.secrets)
        described.setdefault(field.path[:-1], set()).update(field.secrets)
    unknown = {
        spelled(path): sorted(suffixes - described.get(path, set()))
        for path, suffixes in _read(stack, monkeypatch).items()
    }
    assert {key: suffixes for key, suffixes in unknown.items() if suffixes} == {}


def test_no_secret_is_named_that_never_contains_the_value(monkeypatch: pytest.MonkeyPatch) -> None:
    read: dict[Path, set[str]] = {}
    described: dict[Path, set[str]] = {}
    for name in STACKS:
        stack = STACKS[name].model_copy(update={"secrets": stand_ins(STACKS[name])})
        for field in fields(stack):
            described.setdefault(field.path, set()).update(field.secrets)
        for path, suffixes in _read(stack, monkeypatch).items():
            read.setdefault(path, set()).update(suffixes)
    never = {
        spelled(path): sorted(suffixes - read.get(path, set()) - read.get(path[:-1], set()))
        for path, suffixes in described.items()
        if path[0] not in ("certificates", "files")
    }
    assert {key: suffixes for key, suffixes in never.items() if suffixes} == {}


def _described(model: type[BaseModel]) -> Iterator[SecretValue]:
    for info in model.model_fields.values():
        yield from (each for each in info.metadata if isinstance(each, SecretValue))


def test_each_component_names_its_own_secrets_alone() -> None:
    """So that one which is added changes no file of another, though it contains a value that this describes."""
    for spec in COMPONENTS.values():
        own = spec.builders.keys()
        assert [path for path, use in spec.contains.items() if not set(use.secrets) <= own] == []
        values = _described(spec.secrets) if spec.secrets else ()
        assert [each.title for each in values if not set(each.secrets) <= own] == []


def test_a_section_names_no_secret_of_a_component() -> None:
    sections = [section for product in PRODUCTS.values() for section in product.sections if section.secrets]
    assert [
        each.title
        for section in sections
        if section.secrets
        for each in _described(section.secrets)
        if each.secrets
    ] == []


def test_what_is_contained_is_described() -> None:
    known = {
        path for stack in STACKS.values() for field in fields(stack) for path in (field.path, field.path[:-1])
    }
    assert [
        (spec.name, path) for spec in COMPONENTS.values() for path in spec.contains if path not in known
    ] == []
