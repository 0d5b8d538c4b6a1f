"""Two stacks in two data centres, of which one is active and the other stands by."""

from typing import Annotated

from pydantic import Field

from panda_infra.config.backup import BucketName, Folder
from panda_infra.config.base import Form, Model
from panda_infra.config.postgres import OperatedName
from panda_infra.products.settings import Url

__all__ = ["OtherArchive", "Standby"]

_STACK = Form(r"[A-Za-z0-9._-]+", "letters, digits, dots, dashes and underscores", "doma-2", longest=100)
StackName = Annotated[str, _STACK]
_TOKEN = Form(r"[A-Za-z0-9+/]*={0,2}", "a demotion token of CloudNativePG", "eyJ9", longest=4000)


class OtherArchive(Model):
    """The archive of the other stack's databases, with credentials of its own."""

    endpoint: Url
    """Address of the S3 server."""
    bucket: BucketName
    """The bucket."""
    folder: Folder | None = None
    """Folder in it; default: the name of the other stack."""


class Standby(Model):
    """A pair of stacks. `of`, `by` and `term` are the same in the files of both; `failover` changes them."""

    of: StackName
    """The stack that is active: its services run, its databases are written to, and the hosts lead to it."""
    by: StackName
    """The stack that stands by for it: its services have no pods, and its databases follow those of the active one."""
    term: Annotated[int, Field(ge=1)] = 1
    """Number of the present roles, which each failover raises: a file with a lower one than the cluster is too old."""
    fenced: Annotated[int, Field(ge=0)] = 0
    """The term for which somebody has confirmed that the former active stack, which did not answer, works no more;
    `failover --fenced` writes it."""
    archive: OtherArchive | None = None
    """Where the other stack archives its databases; default: in the bucket of `postgres.backup`, in a folder of its
    name."""
    tokens: dict[OperatedName, Annotated[str, _TOKEN]] = {}
    """For each database, the position of the former active one that it must reach before it accepts writes;

    `failover` writes them.
    """

    def other(self, stack: str) -> str:
        """The other stack of the pair."""
        return self.by if stack == self.of else self.of
