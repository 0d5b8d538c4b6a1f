from __future__ import annotations

import json

from joserfc import jwt
from joserfc.jwk import KeySet

from panda_infra.config.stack import StackConfig
from panda_infra.products.panda.auth import AuthSecrets, AuthSettings
from panda_infra.secrets.build import build
from testbed.consumers.service_token import with_service_token
from tests.support.consumers import complete


def without_token(config: StackConfig) -> StackConfig:
    secrets = config.secrets.of(AuthSecrets).model_copy(update={"id_token": None})
    return config.model_copy(update={"secrets": config.secrets.model_copy(update={"auth": secrets})})


def test_it_is_signed_by_the_stacks_own_iam_for_the_services_client() -> None:
    secrets = build(complete("usual"))
    keys = KeySet.import_key_set(json.loads(secrets["iam-conf"].data["iam-keystore.jwks"]))
    (client,) = [each for each in complete("usual").of(AuthSettings).clients if each.name == "panda_dev"]
    for secret, variable in (
        ("panda-envs", "PANDA_IDDS_AUTH_ID_TOKEN"),
        ("panda-envs", "PANDA_AUTH_ID_TOKEN"),
        ("idds-envs", "PANDA_AUTH_ID_TOKEN"),
    ):
        claims = jwt.decode(secrets[secret].data[variable].decode(), keys).claims
        issuer = secrets["iam-envs"].data["IAM_ISSUER"].decode()
        assert (claims["iss"].rstrip("/"), claims["aud"]) == (issuer.rstrip("/"), client.client_id)


def test_a_token_of_the_site_stays() -> None:
    config = complete("usual")
    assert with_service_token(config) == config.secrets


def test_there_is_none_for_a_vo_that_the_stack_does_not_have() -> None:
    config = without_token(complete("usual"))
    auth = config.of(AuthSettings).model_copy(update={"vo": "another"})
    elsewhere = config.model_copy(update={"auth": auth})
    assert with_service_token(elsewhere) == config.secrets
    assert with_service_token(config) != config.secrets


def test_there_is_none_without_an_iam_of_the_stack() -> None:
    config = without_token(complete("outside"))
    assert with_service_token(config) == config.secrets
