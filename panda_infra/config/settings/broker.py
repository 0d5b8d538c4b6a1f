"""Accounts and channels of the message broker."""

from typing import Annotated

from pydantic import Field

from panda_infra.config.base import Form, Model
from panda_infra.config.settings.base import ComponentSettings

__all__ = ["Channel", "MsgsvcSettings"]

# Written into Java properties, a comma list and XML attributes.
Account = Annotated[
    str, Form(r"[a-z][a-z0-9_]*", "lower-case letters, digits and underscores", "pilot", longest=63)
]
ChannelName = Annotated[
    str,
    Form(
        r"[A-Za-z][A-Za-z0-9._-]*", "letters, digits, dots, dashes and underscores", "panda_jedi", longest=128
    ),
]


class Channel(Model):
    """A queue and topic of the broker; whatever no channel names only administrators may use."""

    name: ChannelName
    """Name of the channel."""
    writers: Annotated[tuple[Account, ...], Field(min_length=1)]
    """Accounts that may send."""
    readers: Annotated[tuple[Account, ...], Field(min_length=1)]
    """Accounts that may receive."""


def _channel(name: str, writers: str, readers: str) -> Channel:
    return Channel(name=name, writers=tuple(writers.split()), readers=tuple(readers.split()))


class MsgsvcSettings(ComponentSettings):
    """Accounts and channels of the broker."""

    accounts: Annotated[tuple[Account, ...], Field(min_length=1)] = ("panda", "jedi", "idds", "pilot")
    """Accounts; each gets the password `<base password>_<account>`."""
    channels: tuple[Channel, ...] = (
        _channel("idds_panda", "idds", "panda jedi"),
        _channel("panda_idds", "panda jedi", "idds"),
        _channel("self.jedi_jobtaskstatus", "jedi", "jedi"),
        _channel("panda_jedi", "panda", "jedi"),
        _channel("panda_pilot", "panda", "pilot"),
        _channel("idds.internal", "idds", "idds"),
        # JEDI's own configuration uses these two, upstream's list lacks them (T30).
        _channel("jedi_contents_feeder", "jedi", "jedi"),
        _channel("jedi_job_generator", "jedi", "jedi"),
    )
    """Channels with the accounts that write to and read from them."""
