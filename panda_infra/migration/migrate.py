"""A site's checkout of panda-k8s -> a stack."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from panda_infra.catalog.components import COMPONENTS
from panda_infra.config.messages import findings
from panda_infra.config.paths import spelled
from panda_infra.config.stack import StackConfig
from panda_infra.errors import StackError
from panda_infra.migration.charts import place_charts
from panda_infra.migration.checkout import ChartValues, Checkout
from panda_infra.migration.differences import place_differences
from panda_infra.migration.files import place_files
from panda_infra.migration.outcome import Outcome
from panda_infra.migration.settings import place_settings

__all__ = ["migrate"]


def migrate(
    folder: Path, experiment: str, cluster: Mapping[str, Any], storage_class: str | None = None
) -> Outcome:
    """Read a checkout and make a stack of everything that it says.

    Args:
        folder: the checkout.
        experiment: whose values to take.
        cluster: the section ``cluster`` of the new stack, which no checkout knows.
        storage_class: the stack's, where upstream's values name none.

    Raises:
        MigrationError: the folder is no checkout or a file cannot be read.
        StackError: what the checkout says is not enough for a stack.
    """
    checkout = Checkout(folder)
    outcome = Outcome({"experiment": experiment, "cluster": dict(cluster), "components": {}})
    values = checkout.secret_values()
    charts = _deployed(checkout, experiment, values, outcome)
    place_charts(charts, outcome, storage_class)
    place_settings(values, outcome, experiment=experiment)
    place_files(checkout, outcome)
    config = _fitted(outcome)
    place_differences(charts, config, outcome)
    outcome.sections = _fitted(outcome).model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return outcome


def _deployed(
    checkout: Checkout, experiment: str, values: Mapping[str, Any], outcome: Outcome
) -> dict[str, ChartValues]:
    """The charts of the components that the site runs: enabled, and with values for the experiment.

    The broker counts without values of its own: everything needs it.
    """
    charts: dict[str, ChartValues] = {}
    for name in COMPONENTS:
        enabled = str(values.get("iam" if name == "iam-db" else name, {}).get("enabled", "true")) != "false"
        chart = checkout.chart(name, experiment)
        if enabled and (chart or name == "msgsvc"):
            charts[name] = chart or ChartValues("", {}, {}, {})
        elif enabled:
            why = f"there are no values of {experiment} for it; name it under components to deploy it"
            outcome.settle(f"helm/{name}", "", why)
    return charts


def _fitted(outcome: Outcome) -> StackConfig:
    """The configuration without what no stack file may hold; that is listed."""
    while True:
        try:
            return StackConfig.model_validate_json(json.dumps(outcome.sections), by_alias=True, by_name=False)
        except ValidationError as error:
            name = outcome.sections["experiment"]  # of the stack too, where nobody says otherwise
            found = findings(error, StackConfig, outcome.sections, stack=name)
            told = [finding.problem for finding in found]
        for finding in found:
            path = finding.path
            while path and not _remove(outcome.sections, path):
                path = path[:-1]  # what lacks something goes as a whole
            if len(path) < 2:  # noqa: PLR2004 - a section
                raise StackError("the new stack", told)
            outcome.miss("the new stack", spelled(finding.path), finding.problem.what)


def _remove(sections: dict[str, Any], path: tuple[str | int, ...]) -> bool:
    target: Any = sections
    for part in path[:-1]:
        target = target.get(part, {}) if isinstance(target, dict) else target[part]
    there = not isinstance(target, dict) or path[-1] in target
    if there:
        target.pop(path[-1])
    return there
