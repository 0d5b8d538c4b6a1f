"""Describes this checkout's deployments, offline; ``python -m panda_infra.review.describe`` prints JSON.

Each commit is described by its own code, so that a change of the program counts as much as one of a stack file.
"""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from panda_infra.config import yaml_nodes
from panda_infra.config.charts import FolderCharts
from panda_infra.config.load import Loaded
from panda_infra.config.stack import StackConfig
from panda_infra.config.stackfile import NAMESPACE, document_of
from panda_infra.errors import Problem, StackError
from panda_infra.plan.make import make_plan
from panda_infra.plan.serialize import described
from panda_infra.products.registry import COMPONENTS, product_of_experiment, shipped_chart
from panda_infra.review.revision import Revision, StackPlan
from panda_infra.review.seal import hash_of
from panda_infra.stacks.neighbours import neighbours_in
from panda_infra.stacks.project import Project
from panda_infra.tree import dotted, leaves

__all__ = ["revision"]

# Entry points of the program and its provider; the modules that they import make resources of a Plan.
_BEGINNINGS = ("__main__.py", "panda_infra/provider/__main__.py")
# Changes of these packages show in the Plan, so their source is not fingerprinted.
_PLANNERS = frozenset({"config", "products", "plan"})
_PROJECT_FILE = "Pulumi.yaml"
_ENGINE = re.compile(r"^(pulumi[a-z-]*)==([^ ;\\]+)", re.MULTILINE)
_FINGERPRINT = 16  # hexadecimal digits


def revision(folder: Path) -> Revision:
    """The revision in a project folder."""
    project = Project(folder)
    beside = neighbours_in(project)
    stacks = {name: _stack(project, name, beside.get(name, ())) for name in project.stacks}
    return Revision(stacks, {**_code(folder), **_engine(folder)})


def _stack(project: Project, name: str, beside: Sequence[Problem]) -> StackPlan:
    try:
        config = _judged(project, name).config
    except StackError as error:
        return StackPlan(None, tuple(map(str, (*error.problems, *beside))))
    if beside:
        return StackPlan(None, tuple(map(str, beside)))
    # The file was just read and judged.
    config_section = document_of(project.file(name).read_text(encoding="utf-8"))["config"]
    plan = described(make_plan(name, config))
    plan["engine"] = {key: value for key, value in config_section.items() if not _own(key)}
    return StackPlan(
        plan,
        encrypted={path: _short(text) for path, text in sorted(_encrypted(config_section))},
        files=dict(_files(project.folder, config)),
    )


def _judged(project: Project, name: str) -> Loaded:
    """A stack that breaks no rule; what only its site knows may be missing."""
    try:
        return project.judge(name)
    except StackError as error:
        if error.awaits_site:
            return project.load(name)
        raise


def _own(key: str) -> bool:
    return ":" not in key or key.startswith(f"{NAMESPACE}:")


def _encrypted(section: Any) -> Iterator[tuple[str, str]]:
    for path, value in leaves(section, until=_is_encrypted):
        if _is_encrypted(value):
            yield dotted(path).removeprefix(f"{NAMESPACE}:"), str(value["secure"])


def _is_encrypted(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() == {"secure"}


def _files(folder: Path, config: StackConfig) -> Iterator[tuple[str, str]]:
    """Files of the checkout that are deployed."""
    found = [folder / name for name in product_of_experiment(config.experiment).files(config)]
    shipped = [COMPONENTS[name] for name in config.components.deployed() if COMPONENTS[name].ships]
    for spec in shipped:
        found += sorted((folder / shipped_chart(spec)).rglob("*"))
    if isinstance(config.charts, FolderCharts):
        found += sorted((folder / config.charts.path).rglob("*"))
    for file in found:
        if file.is_file() and file.is_relative_to(folder):
            yield str(file.relative_to(folder)), hash_of(file.read_bytes())[:_FINGERPRINT]


def _code(folder: Path) -> dict[str, str]:
    """A fingerprint of each package's code, independent of comments, docstrings and layout."""
    meanings: dict[str, list[str]] = {}
    for file, tree in sorted(_imported(folder).items()):
        path = file.relative_to(folder).with_suffix("")
        meanings.setdefault("/".join(path.parts[:2]), []).append(_meaning(tree))
    project = yaml_nodes.load((folder / _PROJECT_FILE).read_text(encoding="utf-8"))
    meanings[_PROJECT_FILE] = [repr(project)]
    return {part: _short("".join(texts)) for part, texts in meanings.items()}


def _imported(folder: Path) -> dict[Path, ast.Module]:
    """The imported modules, without the planners."""
    found: dict[Path, ast.Module] = {}
    waiting = [folder / name for name in _BEGINNINGS]
    while waiting:
        file = waiting.pop()
        if file in found or not file.is_file() or _is_planner(file.relative_to(folder)):
            continue
        found[file] = ast.parse(file.read_bytes())
        for name in _imports(found[file]):
            path = folder.joinpath(*name.split("."))
            waiting += [path.with_suffix(".py"), path / "__init__.py"]
    return found


def _is_planner(file: Path) -> bool:
    return len(file.parts) > 1 and file.parts[1] in _PLANNERS


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _meaning(tree: ast.Module) -> str:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = [part for part in node.body if not _is_text(part)]
    return ast.dump(tree)


def _is_text(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _engine(folder: Path) -> dict[str, str]:
    return dict(_ENGINE.findall((folder / "requirements.lock").read_text(encoding="utf-8")))


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_FINGERPRINT]


if __name__ == "__main__":
    print(revision(Path.cwd()).to_json())
