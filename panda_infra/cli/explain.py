"""`explain`: shows the value of a key and its origin."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path as FilePath
from typing import Annotated, Any

import typer
from pydantic import BaseModel, SecretStr

from panda_infra.cli.keys import UnknownKeyError, line_in_site, line_of, parse
from panda_infra.cli.output import JsonFlag, line, results, show_json, table
from panda_infra.cli.stack_argument import StackArgument, project
from panda_infra.config.expected import place, root
from panda_infra.config.load import Loaded
from panda_infra.config.messages import nearest
from panda_infra.config.paths import Path, spelled
from panda_infra.config.stack import StackConfig
from panda_infra.plan.make import make_plan
from panda_infra.plan.model import Plan
from panda_infra.products.registry import COMPONENTS, product_of_experiment
from panda_infra.stacks.page import page

__all__ = ["Explained", "explain"]

_HIDDEN = "***"


@dataclass(frozen=True)
class Explained:
    """One key with its value in JSON's types, its origin in words, and its description."""

    key: str
    value: Any
    origin: str
    meaning: str = ""


def explain(
    stack: StackArgument,
    key: Annotated[
        str | None,
        typer.Argument(
            metavar="[KEY]",
            help="Key of the stack file, or COMPONENT:VALUE for a value of a chart; without one, the whole stack.",
        ),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Show the value of a key and where it comes from: the stack file, its site's, a default, or derived.

    Secret values are never shown. A key with others below it shows them all. Without a key it prints the page of the
    stack in Markdown: releases, hosts, pods with their images and requests, volumes, Secrets, and the values that only
    the site knows.

    **Examples**

    - `explain doma` prints the page of the stack
    - `explain doma components.panda.server.replicas`
    - `explain doma hosts` shows all of them
    - `explain doma auth.tokenEndpoint` shows a derived value
    - `explain doma panda:server.ingress.hosts` shows a value of the chart panda
    """
    here = project()
    if key is None:
        if as_json:
            raise typer.BadParameter(
                "needs a key: the page of a whole stack is Markdown", param_hint="--json"
            )
        typer.echo(page(here, stack), nl=False)
        return
    loaded = here.load(stack)
    if ":" in key and not key.startswith("panda-infra:"):
        found = [_chart_value(make_plan(stack, loaded.config), key)]
    else:
        found = list(_explained(loaded, here.folder, parse(key)))
    if as_json:
        show_json([asdict(each) for each in found])
        return
    shown = table("key", "value", "origin")
    for each in found:
        shown.add_row(each.key, json.dumps(each.value, ensure_ascii=False), each.origin)
    results.print(shown)
    if len(found) == 1 and found[0].meaning:
        line(f"\n{found[0].meaning}")


def _explained(loaded: Loaded, folder: FilePath, path: Path) -> Iterator[Explained]:
    value: Any = loaded.config
    for depth, part in enumerate(path, start=1):
        value = _below(value, part, path[:depth])
    meaning = " ".join(place(root(StackConfig), path, None).description.split())
    product = product_of_experiment(loaded.config.experiment)
    derived = {**product.derived, **_of_components()}
    for at, leaf in _leaves(value, path):
        source = _source(loaded, folder, at)
        derive = derived.get(at)
        if source:
            yield Explained(spelled(at), leaf, source, meaning)
        elif derive and leaf is None:
            yield Explained(spelled(at), derive(product.context(loaded.config)), "derived", meaning)
        else:
            yield Explained(spelled(at), leaf, "default", meaning)


def _of_components() -> dict[Path, Callable[[Any], Any]]:
    """The functions that derive keys of components that the stack file leaves out."""
    return {
        ("components", name, *path): derive
        for name, spec in COMPONENTS.items()
        for path, derive in spec.derived.items()
    }


def _source(loaded: Loaded, folder: FilePath, path: Path) -> str | None:
    """The file and line that set a key; None if neither the stack's nor the site's file does."""
    if loaded.layers.file and loaded.layers.in_site(path):
        line = line_in_site((folder / loaded.layers.file).read_text(encoding="utf-8"), path)
        return f"{loaded.layers.file}, line {line}"
    line = line_of((folder / loaded.source).read_text(encoding="utf-8"), path)
    return None if line is None else f"stack file, line {line}"


def _below(value: Any, part: str | int, path: Path) -> Any:
    """The value of one key, by its name in the stack file."""
    if isinstance(value, BaseModel):
        fields = {str(info.alias): name for name, info in type(value).model_fields.items()}
        if part in fields:
            return getattr(value, fields[str(part)])
        raise _unknown(path, list(fields))
    if isinstance(value, Mapping) and part in value:
        return value[part]
    if isinstance(value, tuple | list) and isinstance(part, int) and part < len(value):
        return value[part]
    raise _unknown(path, list(value) if isinstance(value, Mapping) else [])


def _unknown(path: Path, known: list[str]) -> UnknownKeyError:
    near = nearest(str(path[-1]), known)
    meant = f"; did you mean `{spelled((*path[:-1], near))}`?" if near else ""
    beside = f"\n  Known there: {', '.join(known)}." if known else ""
    return UnknownKeyError(f"{spelled(path)}: this stack has no such key{meant}{beside}")


def _leaves(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, BaseModel):
        for name, info in type(value).model_fields.items():
            yield from _leaves(getattr(value, name), (*path, str(info.alias)))
    elif isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from _leaves(item, (*path, key))
    elif isinstance(value, tuple | list) and any(isinstance(item, BaseModel | Mapping) for item in value):
        for index, item in enumerate(value):
            yield from _leaves(item, (*path, index))
    else:
        yield path, _HIDDEN if isinstance(value, SecretStr) else value


def _chart_value(plan: Plan, key: str) -> Explained:
    component, _, rest = key.partition(":")
    releases = {release.component: release for release in plan.releases}
    if component not in releases:
        raise UnknownKeyError(
            f"{key}: this stack does not deploy {component}; it deploys {', '.join(releases)}"
        )
    value: Any = releases[component].values
    free: Any = plan.config.components.deployed()[component].values
    for part in parse(rest):
        value = value.get(part) if isinstance(value, Mapping) else None
        free = free.get(part) if isinstance(free, Mapping) else None
    if value is None:
        return Explained(key, None, "not set: the chart's own default holds")
    origin = f"components.{component}.values" if free is not None else "derived"
    return Explained(key, value, origin, f"Given to the chart {releases[component].chart.name}.")
