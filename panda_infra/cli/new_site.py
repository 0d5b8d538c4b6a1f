"""The site of a new stack: one that is known, or a new one from the template of the stack's product."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from panda_infra.cli.output import say
from panda_infra.config.sites import FOLDER, sites
from panda_infra.config.stack import SITE_NAME
from panda_infra.errors import PandaInfraError
from panda_infra.products.product import Product
from panda_infra.products.registry import PRODUCTS
from panda_infra.stacks.document import compose_site
from panda_infra.stacks.project import Project
from panda_infra.stacks.replace import create
from panda_infra.tree import merged

__all__ = ["EnvironmentOption", "SiteOption", "of_site", "write_site"]

_ENVIRONMENTS = sorted({each for product in PRODUCTS.values() for each in product.environments})
SiteOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help=f"Site of the stack, `{FOLDER}/NAME.yaml`; a new one is made of the product's template.",
    ),
]
EnvironmentOption = Annotated[
    str | None,
    typer.Option(help=f"What a stack of a site is for: {', '.join(_ENVIRONMENTS)}."),
]


def of_site(here: Project, product: Product, site: str, environment: str | None) -> dict[str, Any]:
    """The sections of the file of a new stack that its site does not have.

    Raises:
        PandaInfraError: the name, the environment or the product does not fit; nothing was written.
    """
    if not re.fullmatch(SITE_NAME, site):
        raise PandaInfraError(f"--site {site}: must be lower-case letters, digits and dashes, e.g. desy")
    known = sites(here.folder)
    if site not in known and not product.site:
        raise PandaInfraError(
            f"--site {site}: there is no file {FOLDER}/{site}.yaml, and {product.title} has no template of one; "
            f"sites known here: {', '.join(known) or 'none'}"
        )
    if environment not in product.environments and (environment or site not in known):
        given = f"--environment {environment}: is unknown" if environment else "--environment: is missing"
        raise PandaInfraError(
            f"{given}; {product.title} has on a site: {', '.join(product.environments) or 'none'}"
        )
    return {"site": site, **(product.in_environment(environment) if environment else {})}


def write_site(here: Project, product: Product, site: str, given: Mapping[str, Any]) -> None:
    """Write the file of a site that is new, with what is ``given`` in place of its placeholders.

    Raises:
        PandaInfraError: it cannot be written.
    """
    if site in sites(here.folder):
        return
    file = here.folder / FOLDER / f"{site}.yaml"
    file.parent.mkdir(exist_ok=True)
    title = f"{site}: what the stacks of {product.title} there share; fill in each <...>."
    create(file, compose_site(merged(dict(product.site), dict(given)), title).encode())
    say(f"wrote {FOLDER}/{file.name}: fill in each <...>, which `check` lists")
