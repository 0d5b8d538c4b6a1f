"""Rule about container images, which must be pinned and keep their data (T28, T40)."""

from __future__ import annotations

from collections.abc import Iterator

from panda_infra.errors import Problem
from panda_infra.products.rule import rule
from panda_infra.rules.subject import Subject
from panda_infra.rules.walk import sub_components

__all__ = ["check"]


@rule("components", "lifecycle")
def check(subject: Subject) -> Iterator[Problem]:
    """A protected stack may not use a moving tag; no image may have a tag in its repository or be Bitnami's."""
    config = subject.config
    for sub in sub_components(config):
        repository, tag = sub.config.image.repository, sub.config.image.tag
        where = f"{sub.where}.image"
        if tag == "latest" and config.lifecycle.protect:
            what = "latest changes its content without notice, and this stack is protected"
            yield Problem(f"{where}.tag", what, "Name a version, e.g. `tag: '1.0.2'`.")
        if repository is None:
            continue
        if ":" in repository.rpartition("/")[2] or "@" in repository:
            what = "holds a tag or digest, to which the chart would add another tag"
            yield Problem(
                f"{where}.repository", what, "Write `repository: registry/name` and `tag: '1.0.2'`."
            )
        if any(part.startswith("bitnami") for part in repository.split("/")):
            what = (
                "is an image of Bitnami, whose data lies outside the chart's volume and whose tags were moved"
            )
            fix = "Remove it for the default, or name an image with data in /var/lib/mysql, e.g. `mariadb`."
            yield Problem(f"{where}.repository", what, fix)
