"""The broker authorizes only what is listed: accounts and channels that others rely on are there (T30)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from panda_infra.config.settings import MsgsvcSettings
from panda_infra.errors import Problem
from panda_infra.rules.rule import rule
from panda_infra.rules.subject import Subject

__all__ = ["check"]

_WHERE = "components.msgsvc.settings"
_NEEDED = MsgsvcSettings()


@rule("components")
def check(subject: Subject) -> Iterator[Problem]:
    """Accounts of the services exist, channels name known accounts, and none that PanDA uses is missing."""
    config = subject.config
    if config.components.msgsvc is None:
        return
    settings = config.components.msgsvc.settings
    missing = [name for name in _NEEDED.accounts if name not in settings.accounts]
    if missing:
        what = f"lacks {', '.join(missing)}, with which PanDA's services log in"
        yield Problem(f"{_WHERE}.accounts", what, f"Add {', '.join(missing)} to the list.")
    names = Counter(channel.name for channel in settings.channels)
    if absent := [channel for channel in _NEEDED.channels if channel.name not in names]:
        what = f"lacks {', '.join(channel.name for channel in absent)}, which PanDA's services use (T30)"
        first = absent[0]
        accounts = f"writers: [{', '.join(first.writers)}], readers: [{', '.join(first.readers)}]"
        yield Problem(f"{_WHERE}.channels", what, f"Add e.g. `- {{name: {first.name}, {accounts}}}`.")
    for index, channel in enumerate(settings.channels):
        where = f"{_WHERE}.channels[{index}]"
        if names[channel.name] > 1:
            yield Problem(f"{where}.name", f"channel {channel.name} is there twice", "Keep one of them.")
        for role, accounts_of in (("writers", channel.writers), ("readers", channel.readers)):
            for account in accounts_of:
                if account not in settings.accounts and account not in missing:
                    what = f"{account} is none of the broker's accounts"
                    fix = f"Add it to `accounts`, or name one of {', '.join(settings.accounts)}."
                    yield Problem(f"{where}.{role}", what, fix)
