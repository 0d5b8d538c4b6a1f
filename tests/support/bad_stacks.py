"""The stack files of tests/bad_stacks: each case changes something of a good one, and names the problems of that."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from tests.support import fast_yaml
from tools import REPOSITORY

__all__ = ["CASES", "GOOD", "Case", "changed", "text_of"]

Case = dict[str, Any]

_FOLDER = REPOSITORY / "tests" / "bad_stacks"
GOOD: Path = _FOLDER / "good.yaml"
_GOOD_ONES = {"": GOOD, "ctao": _FOLDER / "good-ctao.yaml"}
CASES: dict[str, Case] = {
    f"{topic.stem}: {case['name']}": case
    for topic in sorted(_FOLDER.glob("*.yaml"))
    if topic not in _GOOD_ONES.values()
    for case in fast_yaml.load(topic.read_text())
}
"""By topic and name; ``mistakes`` is how many things are wrong, 1 where a case does not give it."""
_BASES: dict[str, dict[str, Any]] = {
    name: fast_yaml.load(file.read_text()) for name, file in _GOOD_ONES.items()
}


def text_of(case: Case) -> str:
    """The stack file of a case."""
    if "text" in case:
        return str(case["text"])
    return fast_yaml.dump({**_BASES[case.get("base", "")], "config": changed(case)})


def changed(case: Case) -> dict[str, Any]:
    """What stands under ``config`` in a case that is no text."""
    config = copy.deepcopy(_BASES[case.get("base", "")]["config"])
    change = {f"panda-infra:{name}": value for name, value in case.get("change", {}).items()}
    config = {**config, **change} if case.get("only") else _merge(config, change)
    for path in case.get("remove", []):
        *parents, last = path.split(".")
        value = config
        for part in parents:
            value = value[f"panda-infra:{part}" if value is config else part]
        del value[f"panda-infra:{last}" if value is config else last]
    return dict(config)


def _merge(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        both = isinstance(value, dict) and isinstance(below.get(key), dict)
        merged[key] = _merge(below[key], value) if both else value
    return merged
