"""The long-lived token of PanDA's services, which a site gets from its own IAM: no IAM runs here."""

from __future__ import annotations

import time

from panda_infra.config.secrets import Secrets
from panda_infra.config.stack import StackConfig
from panda_infra.products.panda.auth import AuthSecrets, AuthSettings
from panda_infra.secrets.build import build
from panda_infra.secrets.generate import with_values
from testbed.consumers.issuer import Issuer

__all__ = ["with_service_token"]

_SECONDS = 30 * 24 * 3600


def with_service_token(config: StackConfig) -> Secrets:
    """The stack's complete secrets, with a token that its own IAM could have issued if it has none.

    The token is that of a member of the services' VO; without that VO among the stack's clients there is none.
    """
    auth = config.of(AuthSettings)
    client = next((each.client_id for each in auth.clients if each.name == auth.vo), None)
    content = build(config)
    if config.secrets.of(AuthSecrets).id_token or client is None or "iam-conf" not in content:
        return config.secrets
    variables = {name: value.decode() for name, value in content["iam-envs"].data.items()}
    issuer = Issuer.made(variables, content["iam-conf"].data["iam-keystore.jwks"])
    end = int(time.time()) + _SECONDS
    token = issuer.token(sub="services", name="Services", aud=client, groups=[auth.vo], exp=end)
    return with_values(config.secrets, {("auth", "idToken"): token})
