"""Finds placeholders, which somebody meant to fill in later."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from panda_infra.config.messages import set_secret
from panda_infra.config.paths import Path, spelled, within
from panda_infra.config.stackfile import ENCRYPTED
from panda_infra.config.unresolved import ciphertext, unresolved
from panda_infra.errors import Problem
from panda_infra.products.registry import EXPERIMENTS
from panda_infra.tree import texts

__all__ = ["placeholders"]

_FILLER = r"((?i:FIXME|CHANGE[-_ ]?ME|REPLACE[-_ ]?ME)|TODO|TBD)"
_ANGLED = r"<[A-Za-z][^<>\n]*>"
_SOME = re.compile(rf"\b{_FILLER}\b|{_ANGLED}")
# A secret counts only as a whole: a good password may well contain one of these words.
_WHOLE = re.compile(rf"\W*{_FILLER}\W*|{_ANGLED}")
# RFC 2606 and RFC 6761: names that never belong to anyone.
_END = r"(?![\w-]|\.\w)"
_EXAMPLE_DOMAIN = re.compile(rf"(?<![\w-])(example\.(com|org|net)|[\w-]+\.(example|invalid)){_END}", re.I)
_TEST_DOMAIN = re.compile(rf"(?<![\w-])[\w-]+\.test{_END}", re.I)
_LOCALHOST = re.compile(r"(\w+://)?([\w-]+\.)*localhost(:\d+)?(/.*)?", re.I)
# Below these keys localhost is valid: the program connects to it, or a pod to its own containers.
_LOCALHOST_FITS = frozenset({"charts", "cluster", "noProxy", "values", "extraEnv"})
_PLACEHOLDER, _PART = _OPEN = ("is still a placeholder", "holds a placeholder")
# Charts or containers may fill in templates below these keys.
_TEMPLATES_FIT = frozenset({"values", "extraEnv", "serverConf", "annotations"})
_ON_TEST_BED = ", ".join(name for name, experiment in EXPERIMENTS.items() if experiment.on_test_bed)
_MAY = f"which only experiments of the test bed may: {_ON_TEST_BED}"
_FIX = "Replace it by the real value, or remove the key if it is optional."


def placeholders(sections: dict[str, Any], *, stack: str) -> Iterator[tuple[Path, Problem]]:
    """Each text of a stack file that is a placeholder or an example domain, with its path."""
    experiment = EXPERIMENTS.get(str(sections.get("experiment")))
    local = experiment is not None and experiment.on_test_bed
    for path, text in texts(sections):
        if text != ENCRYPTED and (what := _placeholder(path, text, local=local)):
            secret = within(path, ("secrets",))
            fix = f"Run `{set_secret(stack, spelled(path[1:]))}`." if secret else _FIX
            yield path, Problem(spelled(path), what, fix, awaits_site=what in _OPEN)


def _placeholder(path: Path, text: str, *, local: bool) -> str | None:
    whole = _PLACEHOLDER if _WHOLE.fullmatch(text) else None
    if whole or within(path, ("secrets",)):
        return whole
    # Text of several lines is a file, which may well contain angle brackets and these words.
    is_file = "\n" in text
    what = ciphertext(text) if is_file or not _TEMPLATES_FIT.isdisjoint(path) else unresolved(text)
    if what or is_file:
        return what
    if _SOME.search(text):
        what = _PART
    elif _EXAMPLE_DOMAIN.search(text):
        what = "names an example domain that belongs to nobody"
    elif not local and _TEST_DOMAIN.search(text):
        what = f"names a host under .test, {_MAY}"
    elif not local and _LOCALHOST.fullmatch(text) and _LOCALHOST_FITS.isdisjoint(path):
        what = f"names localhost, {_MAY}"
    return what
