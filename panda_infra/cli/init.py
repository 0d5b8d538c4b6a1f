"""`init`: makes a new stack, or adds missing secrets to an existing stack file."""

from __future__ import annotations

from typing import Annotated, Any, get_args

import typer

from panda_infra.cli.new_site import EnvironmentOption, SiteOption, of_site, write_site
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
    namespace_of,
    require_backend,
)
from panda_infra.cli.new_stack import magnum_cluster as described_cluster
from panda_infra.cli.output import interactive, say, warn
from panda_infra.cli.stack_argument import StackArgument, project
from panda_infra.config.delivery import Hosts
from panda_infra.config.stack import Experiment
from panda_infra.errors import PandaInfraError
from panda_infra.products.product import Product
from panda_infra.products.registry import COMPONENTS, PRODUCTS, product_of_experiment, usual
from panda_infra.stacks.document import is_new, write_new

__all__ = ["init"]

_MAGNUM = ("name", "template", "keypair", "flavor", "masterFlavor")
_USUAL = " or ".join(f"{', '.join(usual(product))} ({product.title})" for product in PRODUCTS.values())
_ISSUING = tuple(name for name, spec in COMPONENTS.items() if spec.issuing)
_HOSTS = [str(info.alias) for info in Hosts.model_fields.values()]


def init(  # noqa: PLR0917 - typer makes options of parameters
    stack: StackArgument,
    experiment: ExperimentOption = None,
    kubeconfig: KubeconfigOption = None,
    context: ContextOption = None,
    magnum: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=VALUE", help=f"Make the cluster with Magnum: {', '.join(_MAGNUM)}; repeatable."
        ),
    ] = None,
    magnum_cluster: MagnumClusterOption = None,
    cloud: CloudOption = None,
    storage_class: StorageClassOption = None,
    component: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help=f"What to deploy, repeatable; default: all of {_USUAL}."),
    ] = None,
    host: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=HOST", help=f"Exposed host, repeatable; NAME is one of {', '.join(_HOSTS)}."
        ),
    ] = None,
    issuer: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Issuer of tokens elsewhere: then no IAM is deployed by default."),
    ] = None,
    namespace: Annotated[
        str | None,
        typer.Option(
            help="Namespace of everything in the cluster; default: of the product's and the stack's name."
        ),
    ] = None,
    site: SiteOption = None,
    environment: EnvironmentOption = None,
    affix: Annotated[str, typer.Option(help="Part of every release's name, e.g. --affix=-dev.")] = "",
    certificates: Annotated[
        bool,
        typer.Option("--make-certificates", help="Make host certificates that nobody trusts: for tests."),
    ] = False,
    provider: ProviderOption = None,
) -> None:
    """Make a stack: ask for values that only you know, generate all other secrets, and encrypt them all.

    If the stack file exists already, only missing secrets are added to it.
    In a terminal it asks for values that no option gives; elsewhere it names the option. Exit code 3 as long as values
    are missing that only the site knows, or the file breaks a rule; generated values are stored then too.

    **Examples**

    - `init mine` asks
    - `init mine -e dev --kubeconfig ~/.kube/config --storage-class standard --make-certificates` does not
    - `init mine -e doma --magnum-cluster panda-doma-k8s --cloud cern` takes over a cluster of Magnum's
    - `init desy-prod -e ctao-dpps --site desy --environment prod` makes a site's file with values to be filled in
    - `init mine -e ctao-dpps-ci --kubeconfig ~/.kube/config --storage-class standard` needs nothing outside
    - `init doma` completes a stack whose file is in the repository
    """
    here = project()
    file = here.new_file(stack)
    require_backend(here, stack)
    if is_new(file):
        if magnum_cluster:
            cluster = described_cluster(magnum_cluster, cloud)
        else:
            cluster = _magnum(magnum) if magnum else existing_cluster(kubeconfig, context)
        chosen = experiment or _experiment(stack)
        product = product_of_experiment(chosen)
        sections: dict[str, Any] = {
            "experiment": chosen,
            "namespace": namespace or namespace_of(stack, product.reference),
        }
        names = component or _parts(product, issuer)
        initial = {"components": {name: {} for name in names}, **product.initial(chosen, names)}
        if site:
            sections |= of_site(here, product, site, environment)
            if component or "components" not in sections:
                sections["components"] = initial["components"]
        else:
            _require_no_site(product, chosen, environment)
            sections |= {
                "cluster": cluster,
                "storage": {"class": storage_class or _ask("storage-class", "Storage class of volumes")},
                **initial,
            }
        if affix:
            sections["affix"] = affix
        hosts = _pairs(host or [], "--host") or ({} if site else _asked_hosts(sections["components"]))
        if hosts:
            sections["hosts"] = hosts
        if issuer := issuer or _asked_issuer(sections["components"], hosts):
            sections["auth"] = {"issuer": issuer}
        make_known(here, stack, provider)
        if site:
            own = {"cluster": cluster} if cluster != {"kind": "existing"} else {}
            own |= {"storage": {"class": storage_class}} if storage_class else {}
            write_site(here, product, site, own)
        write_new(file, sections, f"Stack {stack}.")
        say(f"wrote {file.name}")
    finish(here, stack, {}, provider, certificates=certificates)


def _require_no_site(product: Product, experiment: str, environment: str | None) -> None:
    if environment:
        raise PandaInfraError("--environment is of stacks of a site: give --site too")
    if product.environments and not product.experiments[experiment].on_test_bed:
        raise PandaInfraError(f"{experiment} is for sites: give --site and --environment too")


def _parts(product: Product, issuer: str | None) -> list[str]:
    """The default components."""
    return [name for name in usual(product) if not (issuer and name in _ISSUING)]


def _experiment(stack: str) -> str:
    known = get_args(Experiment)
    question = f"Experiment ({', '.join(known)})"
    while (answer := _ask("experiment", question, stack if stack in known else None)) not in known:
        warn(f"{answer} is no experiment")
    return answer


def _ask(option: str, question: str, default: str | None = None) -> str:
    if interactive():
        return str(typer.prompt(question, default=default, err=True))
    if default is not None:
        return default
    raise PandaInfraError(f"nobody can be asked here: give --{option}")


def _asked_hosts(components: dict[str, Any]) -> dict[str, str]:
    if not interactive():
        return {}
    wanted = [end.host for name in components for end in COMPONENTS[name].endpoints if not end.additional]
    answers = {
        name: typer.prompt(f"Host of {name} (empty: not exposed)", default="", err=True) for name in wanted
    }
    return {name: answer for name, answer in answers.items() if answer}


def _asked_issuer(components: dict[str, Any], hosts: dict[str, str]) -> str:
    """The external issuer for a stack with exposed hosts but no host for its IAM, which is then removed from it."""
    outside = any(not host.endswith(".localhost") for host in hosts.values())
    issuers = [name for name in _ISSUING if name in components and COMPONENTS[name].endpoints]
    if not outside or not issuers or any(end.host in hosts for end in COMPONENTS[issuers[0]].endpoints):
        return ""
    if not interactive():
        raise PandaInfraError(
            "hosts are exposed, but not IAM: give --issuer, or the host of IAM by --host iam=HOST"
        )
    answer: str = typer.prompt("Issuer of tokens, in place of an IAM without host", err=True)
    for name in _ISSUING:
        components.pop(name, None)
    return answer


def _magnum(given: list[str]) -> dict[str, Any]:
    cluster: dict[str, Any] = {"kind": "magnum", **_pairs(given, "--magnum")}
    for key in ("nodeCount", "masterCount"):
        if key in cluster:
            cluster[key] = int(cluster[key]) if cluster[key].isdigit() else cluster[key]
    return cluster


def _pairs(given: list[str], option: str) -> dict[str, str]:
    pairs = [text.partition("=") for text in given]
    wrong = [key for key, equals, value in pairs if not (key and equals and value)]
    if wrong:
        raise PandaInfraError(f"{option} {wrong[0]}: write it as NAME=VALUE")
    return {key: value for key, _, value in pairs}
