"""The common parts of the sections about databases by an operator: servers, and the bucket of their archive."""

from typing import Annotated, Any

from pydantic import Field

from panda_infra.config.backup import BucketName, Folder, Schedule
from panda_infra.config.base import DnsName, Form, Model
from panda_infra.config.quantities import Size
from panda_infra.products.settings import Url

__all__ = ["Archive", "Servers", "image"]

_KEPT = Form(r"[1-9][0-9]{0,3}[dwm]", "a number of days (d), weeks (w) or months (m)", "30d", longest=5)


def image(example: str) -> Any:
    """The type of an image that the operator runs."""
    pattern = r"[A-Za-z0-9][\w./:-]*:\w[\w.-]*(@sha256:[0-9a-f]{64})?"
    return Annotated[str, Form(pattern, "an image with its tag", example, longest=400)]


class Archive(Model):
    """Base backups and every change since, in a bucket: a restore to a point in time needs both."""

    endpoint: Url
    """Address of the S3 server."""
    bucket: BucketName
    """The bucket, which must exist."""
    folder: Folder | None = None
    """Folder in it; default: the name of the stack."""
    retention: Annotated[str, _KEPT] = "30d"
    """Age of the earliest time that can be restored."""
    schedule: Schedule = "47 1 * * *"
    """Schedule of base backups, in UTC."""


class Servers(Model):
    """One database with its servers."""

    size: Size
    """Size of each server's volume."""
    class_name: Annotated[DnsName | None, Field(alias="class")] = None
    """Storage class; default: the stack's."""
    instances: Annotated[int, Field(ge=1, le=9)] = 1
    """Number of servers: one that is written to, and others that replace it."""
