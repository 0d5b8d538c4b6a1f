"""Rules about the registry of a stack's images: no image may come past it unnoticed."""

from __future__ import annotations

from collections.abc import Iterator

from panda_infra.errors import Problem
from panda_infra.products.registry import COMPONENTS
from panda_infra.products.rule import rule
from panda_infra.rules.subject import Subject

__all__ = ["argo_cd_is_the_clusters", "databases_name_their_image"]


@rule("registry", "argocd")
def argo_cd_is_the_clusters(subject: Subject) -> Iterator[Problem]:
    """The images of an Argo CD that the stack installs are those of its own manifests, in another namespace."""
    config = subject.config
    if config.registry and config.argocd and not config.argocd.existing:
        what = "does not reach the images of the Argo CD that this stack installs"
        fix = "Let the cluster have Argo CD, and write `argocd: {existing: true}`, or remove `registry`."
        yield Problem("registry", what, fix)


@rule("registry", "postgres", "components")
def databases_name_their_image(subject: Subject) -> Iterator[Problem]:
    """The operator chooses an image by itself where none is named, and that comes from elsewhere."""
    config = subject.config
    if config.registry is None or config.postgres is None:
        return
    for component, settings in config.postgres.databases.items():
        database = COMPONENTS[component].postgres
        # One with extensions needs an image in any stack, as another rule reports.
        if settings.image is None and not (database and database.extensions):
            what = "is missing: the operator would choose one, which does not come through `registry.prefix`"
            fix = "Write e.g. `image: ghcr.io/cloudnative-pg/postgresql:17.6`."
            yield Problem(f"postgres.databases.{component}.image", what, fix)
