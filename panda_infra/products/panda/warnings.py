"""Warnings about valid settings that upstream's charts do not fully support."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from panda_infra.config.messages import set_secret
from panda_infra.errors import Problem
from panda_infra.products.panda.auth import AuthSecrets, AuthSettings
from panda_infra.products.panda.components.bigmon.contents import deployment
from panda_infra.products.panda.components.bigmon.models import Bigmon
from panda_infra.products.panda.components.harvester.models import Harvester
from panda_infra.products.panda.context import Context
from panda_infra.products.panda.experiments import EXPERIMENTS

if TYPE_CHECKING:
    from panda_infra.config.stack import StackConfig

__all__ = ["warnings"]

# In the configurations of CERN, the client whose token Harvester uses for calls of the server.
_OWN_CLIENT = "token_harvester-harvester_pandaserver.json"


def warnings(config: StackConfig, stack: str) -> Iterator[Problem]:
    """A warning for each token or setting that has no effect, or only a partial one."""
    yield from _clients(config)
    yield from _no_token_yet(config, stack)
    yield from _short_lived_tokens(config, stack)
    yield from _bigmon_on_oracle(config)


def _clients(config: StackConfig) -> Iterator[Problem]:
    served = [name for name in ("panda", "idds") if name in config.components.deployed()]
    # Nobody submits jobs to a test bed.
    if served and not config.of(AuthSettings).clients and not EXPERIMENTS[config.experiment].on_test_bed:
        what = f"is empty: {' and '.join(served)} would accept no token"
        fix = "Add a VO and its client, e.g. `clients: [{name: panda_dev, clientId: ...}]`."
        yield Problem("auth.clients", what, fix, awaits_site=True)


def _no_token_yet(config: StackConfig, stack: str) -> Iterator[Problem]:
    """A stack's own IAM issues the services' token only once it runs, so no rule can require it before."""
    auth = config.of(AuthSettings)
    callers = [
        name for name in ("panda", "harvester", "idds", "bigmon") if name in config.components.deployed()
    ]
    missing = config.secrets.of(AuthSecrets).id_token is None and auth.internal is None
    # Without a client there is nothing to get a token for, which is reported already.
    if missing and auth.clients and len(callers) > 1 and not EXPERIMENTS[config.experiment].on_test_bed:
        what = f"is missing: until IAM has issued it, calls between {', '.join(callers)} are refused"
        fix = (
            f"Get a token for the VO {auth.vo} once IAM runs, and run `{set_secret(stack, 'auth.idToken')}`."
        )
        yield Problem("secrets.auth.idToken", what, fix)


def _short_lived_tokens(config: StackConfig, stack: str) -> Iterator[Problem]:
    if config.of(AuthSettings).internal is None:
        return
    left = [name for name in ("panda", "idds", "bigmon") if name in config.components.deployed()]
    if left and config.secrets.of(AuthSecrets).id_token is None:
        what = f"is not used by {', '.join(left)} between PanDA and iDDS: there only the long-lived token is (T16)"
        yield Problem(
            "auth.internal", what, f"Run `{set_secret(stack, 'auth.idToken')}` if they get refused."
        )
    if config.components.get(Harvester) and EXPERIMENTS[config.experiment].harvester in ("atlas", "doma"):
        what = f"is used by Harvester only if its {_OWN_CLIENT} has this client, as {config.experiment} has it (T16)"
        yield Problem("auth.internal", what, f"Nothing to do if {_OWN_CLIENT} of harvesterAuth has it.")


def _bigmon_on_oracle(config: StackConfig) -> Iterator[Problem]:
    if config.components.get(Bigmon) and deployment(Context(config)) == "ORACLE_DOMA":
        what = "is ORACLE_DOMA, for which the charts' settings of BigMon have no database: it would not start (T11)"
        fix = "Write ORACLE_ATLAS or ORACLE_ATLAS_TB if its schemas are yours, or give BigMon a PostgreSQL."
        yield Problem("components.bigmon.settings.deployment", what, fix)
