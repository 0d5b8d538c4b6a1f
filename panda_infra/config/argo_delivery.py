"""The delivery of charts to the cluster: a name, or a mapping with what only Argo CD can do."""

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Discriminator, Tag

from panda_infra.config.base import Form, Model
from panda_infra.products.registry import COMPONENTS

__all__ = ["ArgoDelivery", "DeliverySection"]

if TYPE_CHECKING:
    ComponentName = str
else:
    ComponentName = Literal[tuple(sorted(COMPONENTS))]

_PART = r"[A-Za-z0-9_][\w.+-]*"
Branch = Annotated[
    str,
    Form(rf"{_PART}(/{_PART})*", "the name of a branch as `git branch` shows it", "main", longest=200),
]


class ArgoDelivery(Model):
    """Delivery by Argo CD: one Application for each component, instead of a Helm release."""

    kind: Literal["argocd"]
    """Argo CD."""
    follow: Branch | None = None
    """Branch of `charts.url` that Argo CD follows: what is pushed there is deployed without a change of this stack.
    Default: the commit `charts.revision`, which only a change of this stack moves."""
    by_helm: tuple[ComponentName, ...] = ()
    """Components that stay Helm releases of the program."""


def _form(value: Any) -> str:
    """The tag of the form that was written, so that errors are about that one only."""
    return "mapping" if isinstance(value, dict | ArgoDelivery) else "text"


DeliverySection = Annotated[
    Annotated[Literal["helm", "argocd"], Tag("text")] | Annotated[ArgoDelivery, Tag("mapping")],
    Discriminator(_form),
]
