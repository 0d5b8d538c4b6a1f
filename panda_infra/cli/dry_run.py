"""`dry-run`: previews a stack for a user who has none of its secrets."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path
from typing import Any

import typer

from panda_infra.cli.keys import parse
from panda_infra.cli.output import warn
from panda_infra.cli.stack_argument import StackArgument, project
from panda_infra.clients.kubernetes.errors import KubeconfigError
from panda_infra.clients.kubernetes.kubeconfig import read
from panda_infra.clients.pulumi.cli import Pulumi, find_pulumi
from panda_infra.config import go_yaml, stackfile
from panda_infra.config.load import Loaded
from panda_infra.config.secrets import Secrets
from panda_infra.config.stackfile import NAMESPACE
from panda_infra.errors import PandaInfraError
from panda_infra.rules.judge import judge_given
from panda_infra.secrets.fields import value_of
from panda_infra.secrets.generate import revealed, stand_ins
from panda_infra.stacks.project import Project
from panda_infra.tree import put

__all__ = ["PASSTHROUGH", "copied_project", "dry_run", "made_previewable", "stand_in_section"]

PASSTHROUGH = {"allow_extra_args": True, "ignore_unknown_options": True}


def dry_run(context: typer.Context, stack: StackArgument) -> None:
    """Run `pulumi preview` of a copy of a stack, with made-up values for all of its secrets.

    For a stack whose secrets and external databases you do not know. It works on a copy with a state of its own, so
    it shows everything as to be created. It needs access to the cluster or cloud and to the registry, as any preview;
    if the kubeconfig is one of the secrets, your own is used. `rehearse` needs none of them. No other command uses
    made-up values, so they are never deployed. With the stack's own secrets, run `pulumi preview`. More options are
    passed to it, e.g. `--diff`.

    **Examples**

    - `dry-run doma`
    - `dry-run doma --diff`
    """
    here = project()
    loaded = here.load(stack)
    with chdir(here.folder):
        section = stand_in_section(loaded)
    warn("every secret is a stand-in: what you see is no deployment's real content")
    with _copy(here, stack) as pulumi:
        pulumi.create(stack)
        pulumi.run(
            "config", "set", "--secret", f"{NAMESPACE}:secrets", "--stack", stack, stdin=json.dumps(section)
        )
        code = pulumi.follow("preview", "--stack", stack, *context.args)
    raise typer.Exit(1 if code else 0)


def stand_in_section(loaded: Loaded) -> dict[str, Any]:
    """The section ``secrets`` of a stack with made-up values for all that it needs or contains.

    Raises:
        PandaInfraError: it needs a kubeconfig, and the user has none.
    """
    made = stand_ins(loaded.config.model_copy(update={"secrets": Secrets()}))
    section = revealed(made)
    for _, *path in sorted(loaded.encrypted - loaded.wholes, key=str):
        if value_of(made, tuple(path)) is None:
            put(section, path, secrets.token_hex(16))
    if "kubeconfig" in section:
        section["kubeconfig"] = _own_kubeconfig(loaded.stack)
    return section


def _own_kubeconfig(stack: str) -> str:
    """The user's own kubeconfig, because a made-up one leads to no cluster."""
    named = "$KUBECONFIG" if os.environ.get("KUBECONFIG") else "~/.kube/config"
    try:
        return go_yaml.dump(read(named))
    except KubeconfigError as error:
        raise PandaInfraError(
            f"stack {stack} has its kubeconfig among its secrets, which has no stand-in: name one of yours in "
            f"KUBECONFIG ({error.what}), or run `python -m panda_infra rehearse {stack}`, which needs no cluster"
        ) from None


@contextmanager
def _copy(here: Project, stack: str) -> Iterator[Pulumi]:
    """A project folder of links to the program, with a stack file, a state and a passphrase of its own."""
    with tempfile.TemporaryDirectory(prefix="panda-infra-") as name:
        folder = Path(name) / "project"
        copied_project(here, stack, folder)
        state = Path(name) / "state"
        state.mkdir()
        environment = {
            "PULUMI_BACKEND_URL": f"file://{state}",
            "PULUMI_CONFIG_PASSPHRASE": secrets.token_urlsafe(24),
        }
        yield Pulumi(find_pulumi(here.folder).executable, folder, environment)


def copied_project(here: Project, stack: str, folder: Path) -> None:
    """Make the folder with a stack file of its own; rules look at the other stacks' files too, which are linked."""
    own = here.file(stack)
    folder.mkdir()
    for entry in here.folder.iterdir():
        if entry != own:
            (folder / entry.name).symlink_to(entry)
    shutil.copy(own, folder / own.name)
    made_previewable(folder / own.name, here.load(stack))


def made_previewable(file: Path, loaded: Loaded) -> None:
    """Remove values that another passphrase encrypted, and make up databases that only the site knows."""
    config = stackfile.document_of(file.read_text(encoding="utf-8"))["config"]
    kept = {key: value for key, value in config.items() if key not in ("secrets", f"{NAMESPACE}:secrets")}
    for problem in judge_given(loaded.config, stack=loaded.stack):
        if not (problem.awaits_site and problem.where.startswith("components.")):
            continue
        section, *path = parse(problem.where)
        put(kept, (f"{NAMESPACE}:{section}", *path), "stand-in-database")
    file.write_text(go_yaml.dump({"config": kept}, sort_keys=False), encoding="utf-8")
