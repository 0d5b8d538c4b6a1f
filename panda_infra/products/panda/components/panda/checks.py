"""The checks of a running PanDA."""

from __future__ import annotations

from panda_infra.products.panda.verification import (
    PANDA_PYTHON,
    asked_with_token,
    logged_in_to_broker,
    logged_in_to_database,
)
from panda_infra.products.verification import Check, Request, postgres

__all__ = ["CHECKS"]

_SERVER = "panda/server"
_ATTRIBUTES = "{PANDA_API_URL_SSL}/system/get_user_attributes"
_HEADERS = {
    "Authorization": "Bearer {token}",
    "Origin": "{PANDA_AUTH_VO}",
    "Accept": "application/json",
}
_REFUSED = (401, 403)
_OWN_TOKEN = "PANDA_AUTH_ID_TOKEN"  # noqa: S105 - the name of a variable

CHECKS = (
    Check(
        "panda.alive",
        "The server reports that it is alive",
        "PANDA-API",
        Request(_SERVER, 443, "/api/v1/system/is_alive", holds=r'"success": *true'),
    ),
    Check(
        "panda.token",
        "The server accepts the token of the stack's services",
        "PANDA-TOKENS",
        asked_with_token(_SERVER, PANDA_PYTHON, _ATTRIBUTES, _HEADERS, token=_OWN_TOKEN, status=(200,)),
        behind=("iam/main",),
    ),
    Check(
        "panda.forged-token",
        "The server refuses a forged token",
        "PANDA-TOKENS",
        asked_with_token(_SERVER, PANDA_PYTHON, _ATTRIBUTES, _HEADERS, token="", status=_REFUSED),
    ),
    Check(
        "panda.broker",
        "The server's account logs in to the broker",
        "PANDA-MESSAGES",
        logged_in_to_broker(
            _SERVER,
            PANDA_PYTHON,
            broker="PANDA_ACTIVEMQ_LIST",
            login="panda",
            password="PANDA_ACTIVEMQ_PASSWD_panda",  # noqa: S106 - the name of a variable
        ),
        behind=("msgsvc/activemq",),
    ),
    Check(
        "panda.database",
        "The embedded database answers a query of its user",
        "PANDA-DATABASES",
        postgres("panda/postgres", "SELECT version()", "PANDA_DB", "PANDA_DB_NAME"),
    ),
    Check(
        "panda.database-login",
        "The server's pod logs in to the database",
        "PANDA-DATABASES",
        logged_in_to_database(_SERVER, PANDA_PYTHON, prefix="PANDA_DB_", backend="PANDA_DB_BACKEND"),
        behind=("panda/postgres",),
    ),
)
