"""A site's checkout of upstream's charts -> a stack."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from panda_infra.config.messages import findings
from panda_infra.config.paths import Path as KeyPath
from panda_infra.config.scalars import Scalar
from panda_infra.config.stack import StackConfig
from panda_infra.errors import StackError
from panda_infra.migration.charts import place_charts
from panda_infra.migration.checkout import ChartValues, Checkout, MigrationError
from panda_infra.migration.derived import leave_out
from panda_infra.migration.differences import place_differences
from panda_infra.migration.files import place_files
from panda_infra.migration.settings import has_secrets, place_settings
from panda_infra.migration.tables import Tables, tables_of
from panda_infra.products.migrated import Outcome
from panda_infra.products.placing import switch
from panda_infra.products.registry import product_of_experiment
from panda_infra.secrets.fields import named_values

__all__ = ["leave_strangers", "migrate"]


def migrate(
    folder: Path,
    experiment: str,
    cluster: Mapping[str, Any],
    storage_class: str | None = None,
    *,
    values_files: Sequence[Path] = (),
) -> Outcome:
    """Read a checkout and make a stack of all its values and files.

    Args:
        folder: the checkout.
        experiment: whose values to take.
        cluster: the section ``cluster`` of the new stack, which no checkout contains.
        storage_class: the stack's, if upstream's values name none.
        values_files: of the secrets chart; later ones override earlier ones.

    Raises:
        MigrationError: the folder is not a checkout, or a file cannot be read or is still encrypted.
        StackError: the checkout does not contain enough for a stack.
    """
    checkout, tables = Checkout(folder, product_of_experiment(experiment).upstream), tables_of(experiment)
    outcome = Outcome({"experiment": experiment, "cluster": dict(cluster), "components": {}})
    files = checkout.secret_files(values_files)
    values = checkout.secret_values(files)
    outcome.read = list(map(checkout.shown, files))
    for file in checkout.other_secret_files(files):
        outcome.miss(checkout.shown(file), "", "was not read: name it with --values if the site uses it")
    charts = _deployed(checkout, experiment, values, outcome, tables)
    place_charts(charts, outcome, storage_class)
    place_settings(values, outcome, tables, experiment=experiment)
    place_files(checkout, outcome, tables)
    if outcome.unresolved:
        listed = "\n".join(
            f"  - {note.file}: {note.key or 'the file'} {note.why}" for note in outcome.unresolved
        )
        raise MigrationError(f"nothing was imported: decrypt first what only stands for a value\n{listed}")
    leave_out(outcome, tables)
    config = _fitted(outcome)
    place_differences(charts, config, outcome)
    fitted = _fitted(outcome)
    leave_strangers(fitted, outcome)
    outcome.sections = fitted.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return outcome


def _deployed(
    checkout: Checkout, experiment: str, values: Mapping[str, Any], outcome: Outcome, tables: Tables
) -> dict[str, ChartValues]:
    """The charts of the components that the site runs: enabled, with values for the experiment."""
    charts: dict[str, ChartValues] = {}
    for name, spec in tables.components.items():
        chart = checkout.chart(name, experiment)
        enabled = _enabled(spec.imports.part or name, values, outcome)
        if enabled and (chart or spec.imports.always):
            charts[name] = chart or ChartValues("", {}, {}, {})
        elif enabled:
            why = f"there are no values of {experiment} for it; name it under components to deploy it"
            # A site that set a component's secrets probably uses it, so a person must look.
            note = outcome.miss if has_secrets(dict(values), name, tables) else outcome.settle
            note(f"helm/{name}", "", why)
    return charts


def _enabled(name: str, values: Mapping[str, Any], outcome: Outcome) -> bool:
    given = values.get(name, {})
    if not isinstance(given, dict):
        return False
    value = given.get("enabled")
    return switch(f"{name}.enabled", value, outcome) if isinstance(value, Scalar) else value is None


def _fitted(outcome: Outcome) -> StackConfig:
    """The configuration without invalid values; those are noted."""
    while True:
        try:
            return StackConfig.model_validate_json(json.dumps(outcome.sections), by_alias=True, by_name=False)
        except ValidationError as error:
            name = outcome.sections["experiment"]  # also the stack's default name
            found = findings(error, StackConfig, outcome.sections, stack=name)
            problems = [finding.problem for finding in found]
        # From the end of each list, so that removals do not shift the remaining positions.
        for finding in sorted(found, key=lambda each: _places(each.path), reverse=True):
            path = finding.path
            while path and not _remove(outcome.sections, path):
                path = path[:-1]  # an incomplete mapping is removed as a whole
            if len(path) < 2:  # noqa: PLR2004 - a section
                raise StackError("the new stack", problems)
            outcome.miss(*outcome.origin(finding.path), finding.problem.what)


def _places(path: KeyPath) -> list[tuple[int, str]]:
    return [(part, "") if isinstance(part, int) else (-1, part) for part in path]


def leave_strangers(config: StackConfig, outcome: Outcome) -> None:
    """Remove secrets of clients and providers that are not part of the stack."""
    known = {path: described.names(config) for path, described, _ in named_values(config)}
    for path in [path for path in outcome.secrets if path[:-1] in known]:
        if path[-1] not in known[path[:-1]]:
            outcome.drop(path, "belongs to a client that is no part of the stack")


def _remove(sections: dict[str, Any], path: tuple[str | int, ...]) -> bool:
    """Remove the value at the path; return whether there was one."""
    target: Any = sections
    for part in path[:-1]:
        if isinstance(target, dict):
            target = target.get(part, {})
        elif isinstance(target, list) and isinstance(part, int) and part < len(target):
            target = target[part]
        else:
            return False
    *_, last = path
    there = last in target if isinstance(target, dict) else isinstance(last, int) and last < len(target)
    if there:
        target.pop(last)
    return there
