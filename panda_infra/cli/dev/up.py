"""`dev up`: makes a developer's stack from its parent's, or brings it up to date, and deploys it."""

from __future__ import annotations

from contextlib import chdir
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from panda_infra.cli.dev.options import NameArgument
from panda_infra.cli.new_stack import ProviderOption, finish, make_known, require_backend
from panda_infra.cli.output import JsonFlag, line, say, show_json
from panda_infra.cli.stack_argument import project
from panda_infra.clients.pulumi.cli import find_pulumi
from panda_infra.config.developer import Developers
from panda_infra.config.load import Loaded
from panda_infra.config.paths import Path as KeyPath
from panda_infra.config.paths import spelled
from panda_infra.developers import changes, sections
from panda_infra.developers.copied import copied
from panda_infra.developers.names import DeveloperName, name_of
from panda_infra.developers.parents import developer_stack, lender, refuse_taken_hosts
from panda_infra.developers.request import Request, charts_of, image_of
from panda_infra.errors import PandaInfraError
from panda_infra.stacks.decrypted import decrypted
from panda_infra.stacks.document import is_new, write_new
from panda_infra.stacks.edit import Wanted, edit
from panda_infra.stacks.project import Project

__all__ = ["up"]


def up(  # noqa: PLR0917 - typer makes options of parameters
    name: NameArgument,
    parent: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="STACK", help="Stack whose cluster it shares; default: the one that lends its."
        ),
    ] = None,
    component: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="What to deploy, with what it needs; repeatable; default: all of STACK's."
        ),
    ] = None,
    image: Annotated[
        list[str] | None,
        typer.Option(metavar="COMPONENT.PART=IMAGE:TAG", help="Image instead of STACK's; repeatable."),
    ] = None,
    charts: Annotated[
        str | None,
        typer.Option(
            metavar="git+URL@BRANCH", help="Charts of a branch, at its newest commit, or of a commit."
        ),
    ] = None,
    days: Annotated[
        int | None, typer.Option(min=1, help="Days from today until it expires; default: 14.")
    ] = None,
    user: Annotated[
        str | None, typer.Option(help="Owner, as the cluster names the user; default: NAME.")
    ] = None,
    group: Annotated[str | None, typer.Option(help="Owner, as the cluster names a group of users.")] = None,
    secret: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY", help="Secret to copy from STACK, e.g. auth.idToken; repeatable."),
    ] = None,
    provider: ProviderOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Make the namespace `dev-NAME` on the cluster of another stack, with a stack of its own, and deploy it.

    The owner may do everything inside and nothing outside. Secrets are generated, or copied from the parent without
    being shown; host certificates are made, and nobody trusts them. If the stack exists, it is brought up to date:
    options change its file, and charts of a branch move to its newest commit. Exit code 3 if a value is missing that
    only the site knows: nothing is deployed then.

    **Examples**

    - `dev up alice --from doma --component panda`
    - `dev up alice --image panda.server=ghcr.io/me/panda-server:my-feature`
    - `dev up alice --charts git+https://github.com/me/panda-k8s.git@my-feature --days 30`
    """
    who, here = name_of(name), project()
    file = here.new_file(who.stack)
    require_backend(here, who.stack)
    today = datetime.now(UTC).date()
    images, source = [image_of(text) for text in image or ()], charts_of(charts) if charts else None
    values: dict[KeyPath, str] = {}
    if is_new(file):
        lent = lender(here, parent)
        owner = (user or (None if group else who.name), group)
        last = today + timedelta(days=days or (lent.config.developers or Developers()).days)
        asked = Request(last, component or (), images, source, *owner)
        values = _from_parent(here, lent, secret or [])
        _make(here, who, lent, asked, provider)
    else:
        given = {"--component": component, "--user": user, "--group": group}
        if left := [option for option, value in given.items() if value]:
            raise PandaInfraError(f"{file.name} exists: change it there instead of {' and '.join(left)}")
        loaded = developer_stack(here, who)
        _refuse_another_parent(loaded, parent)
        expires = today + timedelta(days=days) if days else None
        _renew(here, loaded, changes.wanted(loaded, images, source, expires))
        values = _from_parent(here, here.load(_parent_of(loaded)), secret) if secret else {}
    finish(here, who.stack, values, provider, certificates=True)
    if find_pulumi(here.folder).follow("up", "--yes", "--skip-preview", "--stack", who.stack, aside=True):
        raise PandaInfraError(
            f"stack {who.stack} is not deployed as its file describes it; the engine reports above why"
        )
    _report(here.load(who.stack), as_json=as_json)


def _make(here: Project, who: DeveloperName, lent: Loaded, asked: Request, provider: str | None) -> None:
    """Judge the new stack, then write its file."""
    from panda_infra.developers.api_server import outlets_to_api  # noqa: PLC0415 - clients that others need not load
    from panda_infra.stacks.access import reach  # noqa: PLC0415 - likewise

    here.judge_new(who.stack, sections.sections(who, lent, asked))
    with chdir(here.folder):
        secrets = decrypted(find_pulumi(here.folder), lent.stack).config.secrets
        api = reach(lent.stack, lent.config.cluster, secrets).kubernetes
        if api is None:
            raise PandaInfraError(f"stack {lent.stack} has no cluster yet: deploy it first")
        outlets = outlets_to_api(api)
    made = sections.sections(who, lent, asked.with_outlets(outlets))
    config = here.judge_new(who.stack, made)
    refuse_taken_hosts(here, who.stack, iter(config.hosts.exposed().values()))
    make_known(here, who.stack, provider)
    write_new(
        here.new_file(who.stack),
        made,
        f"Namespace of {asked.user or asked.group}, on the cluster of {lent.stack}.",
    )
    say(f"wrote Pulumi.{who.stack}.yaml")


def _from_parent(here: Project, lent: Loaded, keys: list[str]) -> dict[KeyPath, str]:
    """The values to copy; the kubeconfig too, if it is one of the parent's secrets."""
    of_cluster = lent.config.cluster.kind == "existing" and lent.config.cluster.kubeconfig is None
    wanted = [*keys, *(["kubeconfig"] if of_cluster else [])]
    if not wanted:
        return {}
    return copied(decrypted(find_pulumi(here.folder), lent.stack).config, wanted, stack=lent.stack)


def _parent_of(loaded: Loaded) -> str:
    assert loaded.config.developer  # noqa: S101 - `developer_stack` has looked
    return loaded.config.developer.parent


def _refuse_another_parent(loaded: Loaded, parent: str | None) -> None:
    if parent and parent != _parent_of(loaded):
        raise PandaInfraError(
            f"{loaded.source} shares the cluster of {_parent_of(loaded)}, not of {parent}: `dev down` it first"
        )


def _renew(here: Project, loaded: Loaded, wanted: Wanted) -> None:
    """Change the file of a stack that exists."""
    if changed := edit(here, loaded.stack, wanted):
        say(f"changed in {loaded.source}: {', '.join(map(spelled, changed))}")


def _report(loaded: Loaded, *, as_json: bool) -> None:
    config, developer = loaded.config, loaded.config.developer
    assert developer  # noqa: S101 - `dev up` has made it
    hosts = {key: f"https://{host}" for key, host in config.hosts.exposed().items()}
    owner = developer.user or developer.group
    if as_json:
        made = {
            "stack": loaded.stack,
            "namespace": config.namespace,
            "parent": developer.parent,
            "owner": owner,
        }
        show_json(made | {"expires": config.lifecycle.expires, "hosts": hosts})
        return
    line(
        f"namespace {config.namespace} on the cluster of {developer.parent}, until {config.lifecycle.expires}"
    )
    line(f"owner: {'user' if developer.user else 'group'} {owner}")
    for key, url in hosts.items():
        line(f"{key}: {url}")
