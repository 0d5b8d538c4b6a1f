"""Code shared by `init`, `import` and `adopt`: options of a new stack, its file, and its generated secrets."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import chdir
from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from panda_infra.cli.errors import INCOMPLETE
from panda_infra.cli.output import interactive, say, talk, warn
from panda_infra.cli.secret_values.advice import advice, can_be_made
from panda_infra.cli.secret_values.asking import asked
from panda_infra.clients.pulumi.cli import find_pulumi
from panda_infra.config.certificates import keeps_authority
from panda_infra.config.cluster import ExistingCluster
from panda_infra.config.paths import Path as KeyPath
from panda_infra.config.paths import spelled
from panda_infra.config.stack import Experiment, StackConfig
from panda_infra.errors import PandaInfraError, Problem, StackError
from panda_infra.plan.make import make_plan
from panda_infra.products.migrated import Outcome
from panda_infra.products.registry import product_of_experiment
from panda_infra.rules.judge import judge_values
from panda_infra.secrets.fields import missing
from panda_infra.secrets.generate import generate, make_certificates, with_values
from panda_infra.stacks.decrypted import decrypted, known
from panda_infra.stacks.encryption import encrypt, make_stack
from panda_infra.stacks.neighbours import neighbours_in
from panda_infra.stacks.project import Project
from panda_infra.tree import value_at

__all__ = [
    "CloudOption",
    "ContextOption",
    "ExperimentOption",
    "KubeconfigOption",
    "MagnumClusterOption",
    "ProviderOption",
    "StorageClassOption",
    "existing_cluster",
    "finish",
    "magnum_cluster",
    "make_known",
    "namespace_of",
    "new_secrets",
    "require_backend",
    "write_project_files",
]

_LABEL = 63  # the longest name of a namespace
_EXPERIMENTS = ", ".join(get_args(Experiment))


def _experiment(value: str | None) -> str | None:
    if value is not None and value not in get_args(Experiment):
        raise typer.BadParameter(f"must be one of {_EXPERIMENTS}")
    return value


ExperimentOption = Annotated[
    str | None, typer.Option("--experiment", "-e", help=f"One of {_EXPERIMENTS}.", callback=_experiment)
]
KubeconfigOption = Annotated[
    Path | None, typer.Option(help="Kubeconfig of an existing cluster; without it a secret of the stack.")
]
ContextOption = Annotated[str | None, typer.Option(help="Context inside the kubeconfig.")]
StorageClassOption = Annotated[str | None, typer.Option(help="Storage class of the stack's volumes.")]
ProviderOption = Annotated[
    str | None,
    typer.Option(
        help="What encrypts the secrets, as `pulumi stack init` takes it; default: the backend's own."
    ),
]


MagnumClusterOption = Annotated[
    str | None, typer.Option(metavar="NAME", help="Take over the Magnum cluster that runs under this name.")
]
CloudOption = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Its cloud in clouds.yaml; without it the OS_* variables select it."),
]


def magnum_cluster(name: str, cloud: str | None) -> dict[str, Any]:
    """The section ``cluster`` for a Magnum cluster that is taken over, as Magnum describes it."""
    from panda_infra.clients.openstack.sdk import SdkOpenStack  # noqa: PLC0415 - likewise
    from panda_infra.cluster.magnum.description import described  # noqa: PLC0415 - a second, for Magnum stacks only

    return described(SdkOpenStack(cloud), name, cloud=cloud)


def namespace_of(stack: str, product: str) -> str:
    """A namespace for one stack alone, because two stacks cannot share one; ``product`` begins its name."""
    word = re.sub(r"[^a-z0-9]+", "-", stack.lower()).strip("-")
    return (word if re.match(rf"{product}(-|$)", word) else f"{product}-{word}")[:_LABEL].rstrip("-")


def require_backend(here: Project, stack: str) -> None:
    """Check that the backend with the state answers.

    Raises:
        PulumiError: it does not; the text contains the fix.
    """
    find_pulumi(here.folder).has(stack)


def make_known(here: Project, stack: str, provider: str | None) -> None:
    """Make the stack in the backend, unless it exists.

    Raises:
        PulumiError: the CLI refused.
    """
    pulumi = find_pulumi(here.folder)
    if not pulumi.has(stack):
        make_stack(pulumi, stack, provider)
        say(f"made stack {stack} in the backend")


def existing_cluster(kubeconfig: Path | None, context: str | None) -> dict[str, str]:
    """The section ``cluster`` for an existing cluster."""
    given = {"kubeconfig": str(kubeconfig) if kubeconfig else None, "context": context}
    return {"kind": "existing"} | {key: value for key, value in given.items() if value}


def new_secrets(config: StackConfig, *, certificates: bool) -> dict[KeyPath, str]:
    """Generated values for missing secrets.

    With ``certificates``, and in a stack whose certificates are generated, those are made too, by an authority that
    nobody else trusts.
    """
    made = {field.path: generate(field) for field in missing(config) if can_be_made(field, config)}
    if certificates or config.certificates.kind == "generated":
        known = config.model_copy(update={"secrets": with_values(config.secrets, made)})
        for key, parts in make_certificates(known).items():
            for part in ("certificate", "key", "chain"):
                made["certificates", key, part] = getattr(parts, part)
    return made


def write_project_files(here: Project, stack: str, outcome: Outcome) -> None:
    """Write the files of an import that are no secrets into folders of this stack, unless it reads none of them."""
    if not outcome.project_files:
        return
    config = StackConfig.model_validate_json(json.dumps(outcome.sections))
    if not any(product_of_experiment(config.experiment).files(config)):
        return
    usual = config.model_dump(mode="json", by_alias=True)
    for key, files in outcome.project_files.items():
        folder = Path(value_at(usual, key)) / stack
        (here.folder / folder).mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (here.folder / folder / name).write_bytes(content)
        outcome.put(key, str(folder))
        say(f"wrote {len(files)} files to {folder}")


def finish(
    here: Project,
    stack: str,
    values: Mapping[KeyPath, str],
    provider: str | None,
    *,
    certificates: bool = False,
) -> None:
    """Make the stack in the backend, store given and generated secrets, and print the values that only the site knows.

    Raises:
        PulumiError: the CLI refused.
        typer.Exit: with the code INCOMPLETE, if a value is missing or a rule is broken; stored values stay.
    """
    make_known(here, stack, provider)
    # Before the file is judged: a broken rule must not keep given secrets from being stored.
    _store(here, stack, values, "stored")
    if not _completed(here, stack, values, certificates=certificates):
        raise typer.Exit(INCOMPLETE)
    if in_the_way := _in_the_way(here, stack):
        warn(f"{here.file(stack).name} is complete, but cannot be deployed to its cluster:")
        talk.print(StackError(here.file(stack).name, in_the_way).listed, markup=False)
        raise typer.Exit(INCOMPLETE)
    say(f"{here.file(stack).name} is complete: `pulumi preview --stack {stack}` shows what it would do")


def _completed(here: Project, stack: str, values: Mapping[KeyPath, str], *, certificates: bool) -> bool:
    """True if nothing is missing or wrong after generating and asking; remaining problems are printed.

    The ``values`` are judged here, where they are known: the file holds them encrypted.
    """
    try:
        pulumi = find_pulumi(here.folder)
        flawed = _flaws(known(pulumi, here, stack).config, stack, values)
        config = known(pulumi, here, stack).config
        if keeps_authority(config.certificates):
            # The key of an authority that is there signs the certificates that are missing.
            config = decrypted(pulumi, stack).config
        made = new_secrets(config, certificates=certificates)
        _store(here, stack, made, "generated")
        if interactive():
            _store(here, stack, asked(known(pulumi, here, stack).config), "stored")
        left = list(advice(known(pulumi, here, stack).config, stack))
        if left:
            warn(
                f"{here.file(stack).name}: what only the site has is missing; a preview works once it is set:"
            )
            for what, command in left:
                talk.print(f"  {what}\n    {command}", markup=False)
        if flawed:
            warn("a preview will refuse some of what was stored:")
            talk.print("\n".join(f"  - {problem}" for problem in flawed), markup=False)
        here.judge(stack)
        if beside := neighbours_in(here).get(stack):
            raise StackError(here.file(stack).name, beside)
    except StackError as error:
        warn(f"{error.source} is not right yet; correct it, then run `python -m panda_infra init {stack}`:")
        talk.print(error.listed, markup=False)
        return False
    return not left and not flawed


def _flaws(config: StackConfig, stack: str, values: Mapping[KeyPath, str]) -> list[Problem]:
    secrets = with_values(config.secrets, values)
    return judge_values(config.model_copy(update={"secrets": secrets}), stack=stack)


def _in_the_way(here: Project, stack: str) -> list[Problem]:
    """Foreign objects that block the deployment, if the stack's cluster exists and can be reached from here."""
    from panda_infra.cluster.existing import check_cluster  # noqa: PLC0415 - likewise
    from panda_infra.live.preflight import inspect  # noqa: PLC0415 - clients that other commands need not load

    pulumi = find_pulumi(here.folder)
    with chdir(here.folder):
        try:
            config = decrypted(pulumi, stack).config
            cluster, secrets = config.cluster, config.secrets
            if isinstance(cluster, ExistingCluster) and check_cluster(stack, cluster, secrets):
                return []
            plan = make_plan(stack, config)
            return list(inspect(plan, secrets, pulumi.recorded(stack), previewing=True).problems)
        except PandaInfraError:
            return []


def _store(here: Project, stack: str, values: Mapping[KeyPath, str], what: str) -> None:
    if not values:
        return
    with talk.status("") as status:
        names = iter([*map(spelled, values), ""])
        status.update(f"encrypting {next(names)}")
        encrypt(find_pulumi(here.folder), stack, values, lambda _: status.update(f"encrypting {next(names)}"))
    say(f"{what}, encrypted, in {here.file(stack).name}: {', '.join(map(spelled, values))}")
