"""Backups of the databases inside a stack: when, where to, how many."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, SecretStr
from pydantic_core import PydanticCustomError
from typing_extensions import override

from panda_infra.config.base import DnsName, Form, Model, plain
from panda_infra.config.node_recovery import PYTHON_IMAGE, PythonImage
from panda_infra.config.quantities import Size
from panda_infra.products.registry import COMPONENTS
from panda_infra.products.secret_values import SecretValue
from panda_infra.products.settings import Url

__all__ = ["Backup", "BackupSecrets", "BucketName", "BucketStore", "ClaimStore", "Folder", "Schedule"]

if TYPE_CHECKING:
    ComponentName = str
else:
    ComponentName = Literal[tuple(sorted(COMPONENTS))]

_FIELD = r"(\*|[0-9]+(-[0-9]+)?)(/[0-9]+)?"
_FIELDS = rf"{_FIELD}(,{_FIELD})*"
# The first and the last minute, hour, day, month and day of the week.
_WITHIN = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))


@dataclass(frozen=True)
class _Schedule(Form):
    """A schedule whose numbers are within the limits of the fields, which Kubernetes judges only in the cluster."""

    @override
    def check(self, value: str) -> str:
        fields = () if super().check(value).startswith("@") else value.split()
        for field, limits in zip(fields, _WITHIN, strict=False):
            if not all(_is_within(part, *limits) for part in field.split(",")):
                raise PydanticCustomError("form", "must be {expected}", {"expected": self.expected})
        return value


def _is_within(part: str, first: int, last: int) -> bool:
    """True if the range of a part, such as ``1-5/2``, is one, and its step is not 0."""
    numbers, slash, step = part.partition("/")
    low, _, high = numbers.partition("-")
    begin = first if low == "*" else int(low)
    end = int(high) if high else begin
    return first <= begin <= end <= last and (not slash or int(step) > 0)


Schedule = Annotated[
    str,
    _Schedule(
        rf"{_FIELDS}( {_FIELDS}){{4}}|@(hourly|daily|weekly|monthly)",
        "a schedule of cron in UTC: minute, hour, day, month, day of the week, as numbers",
        "17 2 * * *",
        longest=200,
    ),
]
BucketName = Annotated[
    str,
    Form(
        r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]",
        "the name of a bucket: 3 to 63 lower-case letters, digits, dots and dashes",
        "panda-backups",
        longest=63,
    ),
]
Folder = Annotated[
    str,
    Form(
        r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*",
        "a path of letters, digits, dots, dashes and underscores, without a slash at either end",
        "sites/doma",
        longest=200,
    ),
]


class BucketStore(Model):
    """A bucket of an S3 server, outside of the cluster if the backups shall outlive it."""

    kind: Literal["s3"]
    """A bucket."""
    endpoint: Url
    """Address of the S3 server."""
    bucket: BucketName
    """The bucket, which must exist."""
    folder: Folder | None = None
    """Folder in it; default: the name of the stack."""
    region: Annotated[str, plain("us-east-1")] = "us-east-1"
    """Region that requests are signed for."""


class ClaimStore(Model):
    """A claim of the stack. It is lost with the cluster's storage, and goes with a stack that is not protected."""

    kind: Literal["claim"]
    """A claim."""
    size: Size
    """Size of the claim: all dumps that are kept must fit."""
    class_name: Annotated[DnsName | None, Field(alias="class")] = None
    """Storage class; default: the stack's."""


class Backup(Model):
    """Dump every database that the stack runs itself; those elsewhere are their owners' to back up."""

    to: Annotated[BucketStore | ClaimStore, Field(discriminator="kind")]
    """Place of the dumps."""
    schedule: Schedule = "17 2 * * *"
    """When, in UTC."""
    keep: Annotated[int, Field(ge=0, le=1000)] = 14
    """Number of backups of each database that are kept; 0: nothing is ever deleted, for credentials that must not
    delete, where rules of the bucket do."""
    scratch: Size = "10Gi"
    """Space on the node for one dump, until it is in its place, and for what a drill restores beside it."""
    leave_out: tuple[ComponentName, ...] = ()
    """Components whose database is not dumped."""
    image: PythonImage = PYTHON_IMAGE
    """Image with Python 3.11 or newer, which brings dumps to their place; the database's own image makes them."""


def _credential(title: str) -> SecretValue:
    return SecretValue(
        title=title,
        needed=lambda config: config.backup is not None and config.backup.to.kind == "s3",
    )


class BackupSecrets(Model):
    """The credentials of the bucket; they need no right outside its folder, and none to delete if `keep` is 0."""

    access_key: Annotated[SecretStr | None, _credential("access key of the bucket for backups")] = None
    """Access key."""
    secret_key: Annotated[SecretStr | None, _credential("secret key of the bucket for backups")] = None
    """Secret key."""
