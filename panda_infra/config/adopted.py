"""What a release that ran before the stack keeps as it was found."""

from typing import Annotated, Any

from panda_infra.config.base import Form, Model

__all__ = ["Adopted", "ReleaseName"]

ReleaseName = Annotated[
    str,
    Form(
        r"[a-z]([-a-z0-9]*[a-z0-9])?",
        "a release's name: at most 53 lower-case letters, digits and dashes, with a letter first",
        "panda-dev",
        longest=53,  # Helm's limit
    ),
]
_HASH = Form(r"[0-9a-f]{32}", "a hash of 32 hexadecimal digits", 4 * "0123abcd")


class Adopted(Model):
    """What keeps a release as it was found, so that taking it over restarts no pod. Removing it ends that."""

    values: dict[str, Any] = {}
    """Chart values as they were found, where the stack would give others; they win over everything."""
    secrets: dict[str, Annotated[str, _HASH]] = {}
    """Hash of the Secrets with which a sub-component's pods run; they are replaced once it is another."""
