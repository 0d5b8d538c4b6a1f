"""A rule says which sections it reads: it is left out while one of these is broken, and not otherwise."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from panda_infra.config.load import from_file
from panda_infra.config.stack import Settings, StackConfig
from panda_infra.errors import StackError
from panda_infra.products.registry import product_of, product_of_experiment
from panda_infra.products.rule import WHOLE, Rule
from panda_infra.rules.book import rules
from panda_infra.rules.subject import Subject
from tests.support.bad_stacks import CASES, text_of

_ALIASES = {name: str(info.alias) for name, info in StackConfig.model_fields.items()}
# Of every stack a rule may read these: whose it is, and how its objects are called.
_ALWAYS = {"experiment", "affix"}
# Any section may decide who reads a Secret, and what a product makes of a stack. Others need not be left out as soon as
# anything is broken.
_WHOLE = {
    "certificates.have_readers",
    "existing_secrets.check",
    "operators.databases_are_used",
    "outside.has_the_files_of_cric",
    "secret_values.are_usable",
    "secret_values.are_valid",
    "secret_values.belong_to_something",
    "secret_values.fit_into_secrets",
}


class _Sections:
    """The sections that are read."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.found: set[str] = set()
        self._looks = False
        plain, maybe = Settings.__getattribute__, Settings.maybe

        def read(config: Settings, name: str) -> Any:
            if name in _ALIASES and not self._looks:
                self.found.add(_ALIASES[name])
            return plain(config, name)

        def section(config: Settings, kind: type[BaseModel]) -> Any:
            """Looking for a section by its type passes all others."""
            self._looks = True
            try:
                found = maybe(config, kind)  # type: ignore[type-var]
            finally:
                self._looks = False
            self.found |= {
                _ALIASES[name]
                for name, info in StackConfig.model_fields.items()
                if kind in (info.annotation, *get_args(info.annotation))
            }
            return found

        monkeypatch.setattr(Settings, "__getattribute__", read, raising=False)
        monkeypatch.setattr(Settings, "maybe", section)


@pytest.fixture(scope="module")
def subjects(tmp_path_factory: pytest.TempPathFactory) -> list[Subject]:
    """Each stack of tests/bad_stacks whose keys are good."""
    folder = tmp_path_factory.mktemp("stacks")
    found = []
    for case in CASES.values():
        stack, text = case.get("stack", "demo"), text_of(case)
        file = folder / f"Pulumi.{stack}.yaml"
        file.write_bytes(bytes.fromhex(text[4:]) if text.startswith("hex:") else text.encode())
        try:
            config = from_file(file).config
        except StackError:
            continue
        product = product_of_experiment(config.experiment)
        if all(product_of(name) is product for name in config.components.deployed()):
            found.append(Subject(config, stack, folder))
    return found


def test_no_rule_reads_what_it_does_not_name(
    subjects: list[Subject], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would judge what nobody has written, if that section is broken."""
    read: dict[Rule, set[str]] = defaultdict(set)
    sections = _Sections(monkeypatch)
    for subject in subjects:
        for rule in rules(product_of_experiment(subject.config.experiment)):
            sections.found.clear()
            list(rule(Subject(subject.config, subject.stack, subject.folder)))
            read[rule] |= sections.found
    monkeypatch.undo()
    whole = {rule for rule in read if rule.reads == {WHOLE}}
    unnamed = {
        rule.name: sorted(found - rule.reads - _ALWAYS) for rule, found in read.items() if rule not in whole
    }
    assert len(read) > 60
    assert {name: found for name, found in unnamed.items() if found} == {}
    assert {rule.name for rule in whole} == _WHOLE
