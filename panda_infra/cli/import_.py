"""`import`: makes a stack from a site's checkout of panda-k8s."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from panda_infra.cli.new_stack import (
    CloudOption,
    ContextOption,
    ExperimentOption,
    KubeconfigOption,
    MagnumClusterOption,
    ProviderOption,
    StorageClassOption,
    existing_cluster,
    finish,
    make_known,
    require_backend,
    write_project_files,
)
from panda_infra.cli.new_stack import magnum_cluster as described_cluster
from panda_infra.cli.output import JsonFlag, results, say, show_json, table
from panda_infra.cli.stack_argument import StackArgument, project
from panda_infra.errors import PandaInfraError
from panda_infra.migration.checkout import VALUES_KEYS
from panda_infra.migration.migrate import leave_strangers, migrate
from panda_infra.migration.present import list_differences
from panda_infra.products.migrated import Note, Outcome
from panda_infra.stacks.document import is_new, write_new

__all__ = ["import_"]


def import_(  # noqa: PLR0917 - typer makes options of parameters
    stack: StackArgument,
    checkout: Annotated[
        Path, typer.Argument(metavar="PATH", help="Checkout of panda-k8s with the site's own values.")
    ],
    experiment: ExperimentOption = None,
    kubeconfig: KubeconfigOption = None,
    context: ContextOption = None,
    magnum_cluster: MagnumClusterOption = None,
    cloud: CloudOption = None,
    storage_class: StorageClassOption = None,
    provider: ProviderOption = None,
    values: Annotated[
        list[Path] | None,
        typer.Option(
            "--values",
            "-f",
            metavar="FILE",
            help="Values of the secrets chart, repeatable, each over those before it as Helm lays them; "
            "default: secrets/values-secret.yaml of the checkout.",
        ),
    ] = None,
    secrets_only: Annotated[
        bool,
        typer.Option("--secrets-only", help="Keep the stack file that is there and only add the secrets."),
    ] = False,
    details: Annotated[bool, typer.Option("--details", help="Also list values that need no place.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Make a stack from an existing checkout: its values, certificate folders and other files, secrets encrypted.

    A value without a place in a stack is listed with the reason, never dropped. If a value is still encrypted, a
    template or a reference, nothing is imported. The experiment is the stack's name by default, and with
    --secrets-only that of the stack file, whose settings are kept: each that differs in the checkout is listed.
    Exit code 3 if something is still missing or a preview would refuse the stack; the imported values are stored.

    **Examples**

    - `import lsst-test ../panda-k8s --experiment lsst --kubeconfig ~/.kube/config`
    - `import doma ../panda-k8s -f ../values-doma.yaml` takes the site's own values file
    - `import mine ../panda-k8s -e doma --magnum-cluster panda-doma-k8s --cloud cern`
    - `import doma ../panda-k8s --secrets-only` completes a stack file that is in the repository
    """
    here = project()
    file = here.new_file(stack)
    # The checkout need not repeat settings of the stack file.
    present = here.load(stack, mending="secrets").config if secrets_only else None
    chosen = experiment or (present.experiment if present else stack)
    if chosen not in VALUES_KEYS:
        raise PandaInfraError(
            f"{chosen} is no experiment: give --experiment, one of {', '.join(VALUES_KEYS)}"
        )
    if not present and not is_new(file):
        raise PandaInfraError(
            f"{file.name} exists already: give --secrets-only to add only the secrets to it"
        )
    require_backend(here, stack)
    cluster = (
        described_cluster(magnum_cluster, cloud) if magnum_cluster else existing_cluster(kubeconfig, context)
    )
    outcome = migrate(
        checkout.expanduser(),
        chosen,
        present.cluster.model_dump(mode="json", by_alias=True) if present else cluster,
        storage_class or (present.storage.class_name if present else None),
        values_files=[each.expanduser() for each in values or ()],
    )
    say(f"read {', '.join(outcome.read)}")
    if present:
        leave_strangers(present, outcome)
        list_differences(outcome, present, file.name)
    else:
        make_known(here, stack, provider)
        write_project_files(here, stack, outcome)
        write_new(file, outcome.sections, f"Imported from {checkout.name}.")
        say(f"wrote {file.name}")
    if as_json:
        show_json(
            {"unplaced": list(map(asdict, outcome.unplaced)), "settled": list(map(asdict, outcome.settled))}
        )
    else:
        _tell(outcome, details=details, with_settings=present is None)
    finish(here, stack, outcome.secrets, provider)


def _tell(outcome: Outcome, *, details: bool, with_settings: bool) -> None:
    placed = f"placed: {len(outcome.secrets)} secrets"
    if with_settings:
        placed += f", settings of {len(outcome.sections['components'])} components"
    results.print(placed)
    if outcome.unplaced:
        results.print(_listed("not placed, look at each", outcome.unplaced))
    if details:
        results.print(_listed("needs no place", outcome.settled))
    elif outcome.settled:
        results.print(
            f"{len(outcome.settled)} other values need no place; --details lists them with the reason"
        )


def _listed(title: str, notes: Sequence[Note]) -> object:
    shown = table("file", "key", "why", title=title)
    for note in sorted(notes):
        shown.add_row(note.file, note.key, note.why)
    return shown
