"""Rule about expiry and protection of a stack."""

from __future__ import annotations

from collections.abc import Iterator

from panda_infra.errors import Problem
from panda_infra.products.rule import rule
from panda_infra.rules.subject import Subject
from panda_infra.rules.texts import latest_images

__all__ = ["check"]


@rule("components", "lifecycle")
def check(subject: Subject) -> Iterator[Problem]:
    """Only test stacks may expire; free-form values of a protected stack may not contain a moving image tag."""
    config = subject.config
    if not config.lifecycle.protect:
        return
    if config.lifecycle.expires:
        what = "a protected stack is never removed, so it cannot expire"
        yield Problem("lifecycle.expires", what, "Remove it, or write `protect: false` for a test stack.")
    for name, component in config.components.deployed().items():
        for path in latest_images(component.values):
            what = "latest changes its content without notice, and this stack is protected"
            yield Problem(f"components.{name}.values.{path}", what, "Name a version, e.g. `tag: '1.0.2'`.")
