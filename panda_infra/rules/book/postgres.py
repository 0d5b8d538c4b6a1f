"""Rules about PostgreSQL by an operator: its image has the libraries."""

from __future__ import annotations

from collections.abc import Iterator

from panda_infra.errors import Problem
from panda_infra.products.registry import COMPONENTS
from panda_infra.products.rule import rule
from panda_infra.rules.subject import Subject

__all__ = ["images_have_what_is_loaded"]


@rule("postgres")
def images_have_what_is_loaded(subject: Subject) -> Iterator[Problem]:
    """The operator's own image has no extension that others have written."""
    section = subject.config.postgres
    for component, settings in section.databases.items() if section else ():
        database = COMPONENTS[component].postgres
        if database and database.extensions and settings.image is None:
            what = f"is missing: the operator's own has no {' and '.join(database.extensions)}"
            fix = "Name an image that is made for CloudNativePG and has them."
            yield Problem(f"postgres.databases.{component}.image", what, fix)
