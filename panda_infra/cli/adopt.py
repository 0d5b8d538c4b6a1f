"""`adopt`: makes a stack from a running installation."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import chdir
from pathlib import Path
from typing import Annotated, Any

import typer

from panda_infra.adoption.adopt import Adoption, Target, adopt, migrated
from panda_infra.adoption.applications import deployed, source_of
from panda_infra.adoption.charts import chart_folders
from panda_infra.adoption.reading import read_installation, read_releases
from panda_infra.adoption.workloads import replaces_pods
from panda_infra.cli.adoption_report import show
from panda_infra.cli.errors import INCOMPLETE
from panda_infra.cli.new_stack import (
    ContextOption,
    ExperimentOption,
    ProviderOption,
    StorageClassOption,
    existing_cluster,
    finish,
    new_secrets,
    write_project_files,
)
from panda_infra.cli.output import JsonFlag, say, warn
from panda_infra.cli.stack_argument import StackArgument, project
from panda_infra.clients.helm import find_helm
from panda_infra.clients.kubernetes.client import KubernetesApi, KubernetesClient
from panda_infra.cluster.existing import check_cluster, target_of
from panda_infra.config.charts import ChartSource, FolderCharts, OciCharts
from panda_infra.config.cluster import ExistingCluster
from panda_infra.config.paths import Path as KeyPath
from panda_infra.config.paths import parsed
from panda_infra.config.secrets import Secrets
from panda_infra.errors import PandaInfraError, StackError
from panda_infra.live.other_applications import Application, applications
from panda_infra.migration.checkout import VALUES_KEYS
from panda_infra.plan.model import Chart
from panda_infra.products.content import as_text
from panda_infra.stacks.document import write_new

__all__ = ["adopt_"]


def adopt_(  # noqa: PLR0917 - typer makes options of parameters
    stack: StackArgument,
    kubeconfig: Annotated[Path, typer.Option(help="Kubeconfig of the cluster on which PanDA runs.")],
    context: ContextOption = None,
    namespace: Annotated[str, typer.Option(help="Namespace in which it runs.")] = "default",
    experiment: ExperimentOption = None,
    charts: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Folder with the charts that run, such as ../panda-k8s/helm; default: upstream's registry.",
        ),
    ] = None,
    storage_class: StorageClassOption = None,
    without: Annotated[
        list[str] | None,
        typer.Option(metavar="RELEASE", help="A release in the namespace that is none of it, repeatable."),
    ] = None,
    secret: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=FILE", help="A secret value that no live Secret holds, repeatable."),
    ] = None,
    accept_restarts: Annotated[
        bool,
        typer.Option(
            "--accept-restarts", help="Write the stack even if pods will be replaced by its first run."
        ),
    ] = False,
    provider: ProviderOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Make a stack from a running PanDA that was deployed in another way; the cluster is read, never changed.

    Everything stays as it was found: names of releases, chart values, pods. Where the stack's own value differs, the
    found one is kept, and both are listed, so that you can switch later, component by component.
    The experiment is the stack's name by default. Exit code 3 if something is still missing in the stack.

    **Examples**

    - `adopt doma --kubeconfig ~/.kube/config --charts ../panda-k8s/helm`
    - `adopt mine -e dev --kubeconfig ~/.kube/config --namespace panda --without panda-test`
    """
    here = project()
    file = here.new_file(stack)
    if file.exists():
        raise PandaInfraError(
            f"{file.name} exists already: a stack takes an installation over when it is new"
        )
    chosen = experiment or stack
    if chosen not in VALUES_KEYS:
        raise PandaInfraError(
            f"{chosen} is no experiment: give --experiment, one of {', '.join(VALUES_KEYS)}"
        )
    given = _secrets(secret or [])
    section = existing_cluster(kubeconfig, context)
    api = _reached(stack, section)
    helm = find_helm(api.call("GET", "/version")["gitVersion"])
    by_argo = [each for each in applications(api, namespace) if each.release not in (without or ())]
    recorded = read_releases(api, namespace, without or ())
    with tempfile.TemporaryDirectory(prefix="panda-infra-") as scratch, chdir(here.folder):
        source = _source(charts, by_argo)
        wanted = [Chart(each.component, each.version) for each in recorded]
        wanted += [Chart(each.component, "") for each in by_argo]
        folders = chart_folders(source, wanted, helm, Path(scratch))
        others = [deployed(each, folders[each.component], helm, namespace) for each in by_argo]
        found = read_installation(api, namespace, [*recorded, *others])
        target = Target(
            chosen,
            section,
            source.model_dump(mode="json", by_alias=True, exclude_none=True),
            folders,
            storage_class,
        )
        outcome = migrated(found, target)
        outcome.secrets |= given
        write_project_files(here, stack, outcome)
        made = adopt(
            outcome,
            found,
            target,
            helm=helm,
            make=lambda config: new_secrets(config, certificates=False),
            stack=stack,
        )
    show(made, as_json=as_json)
    _refuse_restarts(made, accepted=accept_restarts)
    write_new(file, outcome.sections, f"Taken over from namespace {namespace}.")
    say(f"wrote {file.name}")
    finish(here, stack, outcome.secrets, provider)
    if made.problems:
        warn(
            f"values that run are refused; correct them before a preview:\n{StackError(stack, made.problems).listed}"
        )
        raise typer.Exit(INCOMPLETE)


def _source(charts: Path | None, by_argo: Sequence[Application]) -> ChartSource:
    if charts:
        return FolderCharts(kind="folder", path=str(charts))
    return source_of(by_argo) if by_argo else OciCharts()


def _reached(stack: str, section: Mapping[str, Any]) -> KubernetesApi:
    cluster = ExistingCluster.model_validate(section)
    if problems := check_cluster(stack, cluster, Secrets()):
        raise StackError("the cluster", problems)
    return KubernetesClient(target_of(stack, cluster, Secrets()))


def _secrets(given: Iterable[str]) -> dict[KeyPath, str]:
    found: dict[KeyPath, str] = {}
    wrong: list[str] = []
    for text in given:
        key, equals, name = text.partition("=")
        path = parsed(key)
        if not path or not equals:
            wrong.append(f"--secret {key}: write it as KEY=FILE")
            continue
        try:
            found[path] = as_text(Path(name).expanduser().read_bytes())
        except OSError as error:
            wrong.append(f"--secret {key}: {name} cannot be read: {error.strerror}")
    if wrong:
        raise PandaInfraError("\n".join(wrong))
    return found


def _refuse_restarts(made: Adoption, *, accepted: bool) -> None:
    """Refuse changes that replace pods because the stack's charts differ: values cannot prevent them."""
    names = sorted(
        {
            f"{change.kind} {change.name}"
            for changes in made.objects.values()
            for change in changes
            if replaces_pods(change)
        }
    )
    if names and not accepted:
        raise PandaInfraError(
            f"the pods of {', '.join(names)} would be replaced, since the stack's charts are others than those that "
            "run: name the right ones with --charts, or accept it with --accept-restarts. Nothing was written."
        )
    if names:
        warn(f"the first run will replace the pods of {', '.join(names)}")
