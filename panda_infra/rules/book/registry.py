"""Rules about the registry of a stack's images: every image must come through it."""

from __future__ import annotations

from collections.abc import Iterator

from panda_infra.errors import Problem
from panda_infra.products.registry import COMPONENTS
from panda_infra.products.rule import rule
from panda_infra.rules.subject import Subject

__all__ = ["argo_cd_is_the_clusters", "databases_name_their_image"]


@rule("registry", "argocd")
def argo_cd_is_the_clusters(subject: Subject) -> Iterator[Problem]:
    """A stack with a registry must use the cluster's Argo CD: its own one would pull the images of its manifests."""
    config = subject.config
    if config.registry and config.argocd and not config.argocd.existing:
        what = "does not reach the images of the Argo CD that this stack installs"
        fix = "Let the cluster have Argo CD, and write `argocd: {existing: true}`, or remove `registry`."
        yield Problem("registry", what, fix)


@rule("registry", "postgres", "components")
def databases_name_their_image(subject: Subject) -> Iterator[Problem]:
    """A database by an operator must name its image, because the operator's default comes from elsewhere."""
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
