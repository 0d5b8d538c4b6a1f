"""ActiveMQ, the message broker of all other components."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, SecretStr

from panda_infra.config.base import Form, Model
from panda_infra.config.node_recovery import PYTHON_IMAGE
from panda_infra.errors import Problem
from panda_infra.products.content import Env, reveal
from panda_infra.products.imports import Imports
from panda_infra.products.metrics import Exporter
from panda_infra.products.migrated import Outcome
from panda_infra.products.model import Claim, ComponentSpec, SubComponentSpec, start
from panda_infra.products.network import Call
from panda_infra.products.panda.chart_values import rootless
from panda_infra.products.panda.limits import BROKER
from panda_infra.products.panda.verification import logged_in_to_broker
from panda_infra.products.placing import fits, texts_of
from panda_infra.products.rule import rule
from panda_infra.products.secret_values import SecretValue, password
from panda_infra.products.settings import ComponentSettings
from panda_infra.products.verification import Check
from panda_infra.products.workloads import Component, SubComponent
from panda_infra.tree import Values

if TYPE_CHECKING:
    from panda_infra.config.stack import Settings
    from panda_infra.products.names import Names
    from panda_infra.products.panda.context import Context
    from panda_infra.rules.subject import Subject

__all__ = [
    "BROKER_PORT",
    "COMPONENT",
    "Account",
    "Channel",
    "ChannelName",
    "Msgsvc",
    "MsgsvcSecrets",
    "MsgsvcSettings",
    "broker_password",
    "envs",
    "lists_what_services_use",
]

BROKER_PORT = 61613
# Accounts are written into Java properties, a comma-separated list and XML attributes.
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
    """A queue and topic of the broker; only administrators may use those that no channel names."""

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
        # JEDI's own configuration uses these two, but they are missing in upstream's list (T30).
        _channel("jedi_contents_feeder", "jedi", "jedi"),
        _channel("jedi_job_generator", "jedi", "jedi"),
    )
    """Channels with the accounts that write to and read from them."""


class Msgsvc(Component):
    """ActiveMQ, the message broker."""

    activemq: SubComponent = SubComponent()
    """The broker."""
    settings: MsgsvcSettings = MsgsvcSettings()
    """Accounts and channels."""


class MsgsvcSecrets(Model):
    """Secrets of the broker."""

    base_password: Annotated[
        SecretStr | None,
        SecretValue(
            title="password of the broker's administrator, from which the accounts' are made",
            make=password,
            secrets=("msgsvc-envs",),
            limits={"msgsvc/activemq": BROKER},
        ),
    ] = None
    """Password of the broker's administrator; those of the accounts are made from it."""


def envs(context: "Context") -> Env:
    """The content of the Secret msgsvc-envs."""
    settings = context.config.components.of(Msgsvc).settings
    return {
        "ACTIVEMQ_BASE_PASSWD": reveal(context.secrets.of(MsgsvcSecrets).base_password),
        "ACTIVEMQ_ACCOUNTS": ";".join(settings.accounts),
        "ACTIVEMQ_CHANNELS": ";".join(_spelled(channel) for channel in settings.channels),
    }


def broker_password(context: "Context", account: str) -> str:
    """The password of an account, by the rule of the broker's own start script (T4)."""
    return f"{reveal(context.secrets.of(MsgsvcSecrets).base_password)}_{account}"


def _spelled(channel: Channel) -> str:
    return f"{channel.name}:{','.join(channel.writers)}:{','.join(channel.readers)}"


def _values(config: "Settings", _names: "Names") -> Values:
    return rootless(config, "activemq")


_WHERE = "components.msgsvc.settings"
_NEEDED = MsgsvcSettings()
_OF_JEDI = ("jedi_contents_feeder", "jedi_job_generator")


@rule("components")
def lists_what_services_use(subject: "Subject") -> Iterator[Problem]:
    """All accounts and channels of PanDA's services must be listed, and channels may name only known accounts."""
    config = subject.config
    msgsvc = config.components.get(Msgsvc)
    if msgsvc is None:
        return
    settings = msgsvc.settings
    missing = [name for name in _NEEDED.accounts if name not in settings.accounts]
    if missing:
        what = f"does not contain {', '.join(missing)}, with which PanDA's services log in"
        yield Problem(f"{_WHERE}.accounts", what, f"Add {', '.join(missing)} to the list.")
    names = [channel.name for channel in settings.channels]
    if absent := [channel for channel in _NEEDED.channels if channel.name not in names]:
        what = f"does not contain {', '.join(channel.name for channel in absent)}, which PanDA's services use (T30)"
        first = absent[0]
        accounts = f"writers: [{', '.join(first.writers)}], readers: [{', '.join(first.readers)}]"
        yield Problem(f"{_WHERE}.channels", what, f"Add e.g. `- {{name: {first.name}, {accounts}}}`.")
    for index, channel in enumerate(settings.channels):
        where = f"{_WHERE}.channels[{index}]"
        if names[:index].count(channel.name) == 1:
            yield Problem(f"{where}.name", f"channel {channel.name} is there twice", "Keep one of them.")
        for role, accounts_of in (("writers", channel.writers), ("readers", channel.readers)):
            for account in accounts_of:
                if account not in settings.accounts and account not in missing:
                    what = f"{account} is none of the broker's accounts"
                    fix = f"Add it to `accounts`, or name one of {', '.join(settings.accounts)}."
                    yield Problem(f"{where}.{role}", what, fix)


def _place_accounts(key: str, items: list[Any], outcome: Outcome) -> None:
    accounts = []
    for file, text in texts_of(key, items, outcome):
        if fits(MsgsvcSettings, {"accounts": [text]}):
            accounts.append(text)
        else:
            outcome.miss(file, f"{key}[{text}]", "cannot be the name of an account")
    if accounts:
        outcome.put(("components", "msgsvc", "settings", "accounts"), accounts)
    else:
        outcome.miss("", key, "names no account: the stack's default applies")


def _place_channels(key: str, items: list[Any], outcome: Outcome) -> None:
    channels = []
    for file, text in texts_of(key, items, outcome):
        name, *parties = text.split(":")
        fields = dict(zip(("writers", "readers"), (part.split(",") for part in parties), strict=False))
        channel: dict[str, Any] = {"name": name, **fields}
        if len(parties) == len(fields) and fits(Channel, channel):
            channels.append(channel)
        else:
            outcome.miss(file, f"{key}[{name}]", "is no channel: write NAME:WRITERS:READERS")
    known = {channel["name"] for channel in channels}
    missing = [one for one in _NEEDED.channels if one.name in _OF_JEDI and one.name not in known]
    channels += [one.model_dump(mode="json", by_alias=True) for one in missing]
    outcome.put(("components", "msgsvc", "settings", "channels"), channels)


_IMPORTS = Imports(
    secrets={"basePasswd": "basePassword"},
    lists={"accounts": _place_accounts, "channels": _place_channels},
    # All other components need the broker.
    always=True,
)

# The image serves ActiveMQ's web console on this port of every address, which its Service does not have.
_CONSOLE_PORT = 8161
_EXPORTER = Exporter(
    name="queues",
    image=PYTHON_IMAGE,
    port=9404,
    asks=Call("msgsvc", "activemq", _CONSOLE_PORT),
    command=("python", "/exporter/broker_metrics.py"),
    files={"broker_metrics.py": (Path(__file__).parents[1] / "scripts" / "broker_metrics.py").read_text()},
    variables=lambda _config: {
        "CONSOLE": f"http://{{host}}:{_CONSOLE_PORT}",
        # User and password are ActiveMQ's published ones, which the image does not change.
        "LOGIN": "admin:admin",
        "PORT": "9404",
        "PYTHONUNBUFFERED": "1",
    },
)

COMPONENT = ComponentSpec(
    name="msgsvc",
    title="ActiveMQ",
    about="ActiveMQ.",
    position=10,
    version="0.1.0",
    usual_seconds=15,
    config=Msgsvc,
    sub_components=(
        SubComponentSpec(
            name="activemq",
            workload="Deployment",
            chart_image=("ghcr.io/pandawms/panda-activemq", "0.0.4"),
            secrets=start("msgsvc-envs"),
            claims=(Claim("data", "5Gi"),),
            ports=(BROKER_PORT,),
            scalable=False,
            reserves=("cpu", "memory"),
            # ActiveMQ's KahaDB has a lock file for brokers that share a file system.
            locks=True,
            exporters=(_EXPORTER,),
        ),
    ),
    secrets=MsgsvcSecrets,
    rules=(lists_what_services_use,),
    secrets_about="Broker.",
    builders={"msgsvc-envs": envs},
    values=_values,
    imports=_IMPORTS,
    checks=(
        Check(
            "msgsvc.round-trip",
            "The broker hands a message back to its administrator",
            "PANDA-MESSAGES",
            logged_in_to_broker(
                "msgsvc/activemq",
                "python3",
                broker="HOSTNAME",
                login="system",
                password="ACTIVEMQ_BASE_PASSWD",  # noqa: S106 - the name of a variable
                destination="/temp-queue/verify",
            ),
        ),
    ),
)
