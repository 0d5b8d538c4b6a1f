"""The secrets chart's values -> settings and encrypted values of the stack file."""

from __future__ import annotations

from typing import Any

from panda_infra.config.paths import Path, spelled
from panda_infra.config.scalars import Scalar, is_placeholder
from panda_infra.config.unresolved import unresolved
from panda_infra.migration.checkout import Tree, mapping
from panda_infra.migration.tables import Owner, Tables
from panda_infra.products.migrated import Note, Outcome
from panda_infra.products.placing import file_of, literal, switch
from panda_infra.products.registry import EXPERIMENTS
from panda_infra.tree import entries, value_at

__all__ = ["has_secrets", "place_settings"]


def place_settings(values: Tree, outcome: Outcome, tables: Tables, *, experiment: str) -> None:
    """Put every value of the secrets chart into the outcome, or note it.

    Args:
        values: the chart's values with a ``Scalar`` at each end.
        outcome: has the deployed components already; gets settings, secrets and notes.
        tables: of the experiment's product.
        experiment: the stack's experiment.
    """
    # If two keys mean the same, the later row of the table wins, as in upstream's templates. Switches of a part come
    # before its other values.
    rank = {key: index for index, key in enumerate(tables.plain)}
    rank |= {key: -2 for key, _ in tables.switches.values()}
    leaves = sorted(entries(values), key=lambda leaf: rank.get(".".join(leaf[0]), -1))
    for path, value in leaves:
        key = ".".join(path)
        if _of_other_component(path, outcome, tables):
            outcome.settle(file_of(value), key, f"the stack does not deploy {path[0]}")
        elif isinstance(value, list):
            _place_list(key, value, outcome, tables)
        elif key in tables.mappings or key in tables.lists:
            wanted = "list" if key in tables.lists else "mapping"
            what = "text" if value.given else "empty"
            outcome.miss(value.file, key, f"is {what} where the chart reads a {wanted}")
        elif is_placeholder(value):
            outcome.settle(value.file, key, "is still a placeholder")
        elif off := _switched_off(path, outcome, tables):
            outcome.settle(value.file, key, f"{off} is false")
        else:
            _place(key, value, outcome, tables, experiment)
    for owner in tables.owners:
        if not owner.component or owner.component in outcome.sections["components"]:
            owner.imports.finish(mapping(value_at(values, owner.part, None)), outcome)
        _leave_incomplete(owner, outcome)


def has_secrets(values: Tree, component: str, tables: Tables) -> bool:
    """Return whether a site has set any secret of a component."""
    return any(
        isinstance(value, Scalar) and value.given and not is_placeholder(value)
        for path, value in entries(mapping(values.get(component)), (component,))
        if ".".join(path) in tables.secrets or path[-1] == "secret"
    )


def _of_other_component(path: tuple[str, ...], outcome: Outcome, tables: Tables) -> bool:
    """Return whether a value is only that of a component that the stack does not deploy."""
    deployed = outcome.sections["components"]
    part, *below = path
    if part not in tables.parts or part in deployed or below in ([], ["enabled"]):
        return False
    others = [tables.components[name].imports for name in tables.parts[part] if name in deployed]
    return not any(".".join(below) in each.shared for each in others)


def _switched_off(path: tuple[str, ...], outcome: Outcome, tables: Tables) -> str | None:
    """The meaning of the switch of the value's part with its key, if it is off and the value is another one."""
    key, meaning = tables.switches.get(path[0], ("", ""))
    if not key or key == ".".join(path):
        return None
    target, _ = tables.plain[key]
    return f"{meaning}: {key}" if value_at(outcome.sections, target, None) is False else None


def _place_list(key: str, items: list[Any], outcome: Outcome, tables: Tables) -> None:
    if place := tables.lists.get(key):
        place(key, items, outcome)
    else:
        file = next((item.file for item in items if isinstance(item, Scalar)), "")
        outcome.miss(file, key, "nothing in a stack file stands for it")


def _place(key: str, value: Scalar, outcome: Outcome, tables: Tables, experiment: str) -> None:
    if words := unresolved(value.text):
        outcome.unresolved.append(Note(value.file, key, words))
    if key in tables.together or (not value.given and key in tables.may_be_empty):
        return
    if key in tables.settled:
        outcome.settle(value.file, key, tables.settled[key])
    elif not value.given and key in tables.when_empty:
        outcome.put(tables.plain[key][0], tables.when_empty[key], origin=(value.file, key))
    elif not value.given:
        why = "is empty, which no stack file can express: another key or the stack's default applies"
        outcome.miss(value.file, key, why)
    elif key in tables.plain:
        _place_plain(key, value, outcome, tables)
    elif key in tables.secrets:
        text = literal(key, value, outcome)
        outcome.keep(tables.secrets[key], text, origin=(value.file, key))
    else:
        _place_special(key, value, outcome, tables, experiment)


def _place_special(key: str, value: Scalar, outcome: Outcome, tables: Tables, experiment: str) -> None:
    of_experiment = tables.of_experiment.get(key)
    if tables.fixed.get(key) == value.text:
        literal(key, value, outcome)
        outcome.settle(value.file, key, "is what the charts fix anyway")
    elif key in tables.hosts:
        _place_host(key, value, outcome, tables.hosts[key])
    elif of_experiment and of_experiment(EXPERIMENTS[experiment]) == value.text:
        outcome.settle(value.file, key, "follows from the stack's experiment")
    elif place_entry := tables.entries.get(key.rsplit(".", 2)[0]):
        place_entry(key, value, outcome)
    else:
        outcome.miss(value.file, key, "nothing in a stack file stands for it")


def _place_plain(key: str, value: Scalar, outcome: Outcome, tables: Tables) -> None:
    target, convert = tables.plain[key]
    try:
        converted = convert(value)
    except ValueError:
        outcome.miss(value.file, key, f"does not fit {spelled(target)}")
        return
    if isinstance(converted, bool):
        switch(key, value, outcome, taken=converted)
    else:
        literal(key, value, outcome)
    if target in outcome.origins and value_at(outcome.sections, target, None) != converted:
        outcome.miss(*outcome.origins[target], f"differs from {key}, which the chart prefers")
    outcome.put(target, converted, origin=(value.file, key))


def _place_host(key: str, host: Scalar, outcome: Outcome, field: str) -> None:
    known = outcome.sections.get("hosts", {}).get(field)
    if known is None:
        outcome.put(("hosts", field), host.text, origin=(host.file, key))
    elif known != host.text:
        why = f"differs from the host in the charts' values, which became hosts.{field}"
        outcome.miss(host.file, key, why)


def _leave_incomplete(owner: Owner, outcome: Outcome) -> None:
    """Remove settings that are useless without a value that the site has not filled in."""
    for target, required in owner.imports.useless_without.items():
        parents: Path = (*owner.place, *filter(None, target.split(".")))
        given = mapping(value_at(outcome.sections, parents, None))
        if given and not set(required) <= given.keys():
            for key in given:
                why = f"is of no use without {' and '.join(required)}, which the checkout does not contain"
                outcome.settle(*outcome.origin((*parents, key)), why)
            del value_at(outcome.sections, parents[:-1])[parents[-1]]
