"""Settings of a release that was deployed before the stack took it over."""

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
    """State of a release before it was taken over. It avoids that pods restart; remove it to end that."""

    values: dict[str, Any] = {}
    """Chart values that were found and differ from the stack's; they override all others."""
    secrets: dict[str, Annotated[str, _HASH]] = {}
    """Hash of the Secrets that a sub-component's running pods read; the pods are replaced when it changes."""
