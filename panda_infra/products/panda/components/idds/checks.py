"""The checks of a running iDDS."""

from __future__ import annotations

from panda_infra.products.panda.verification import (
    IDDS_PYTHON,
    PANDA_PYTHON,
    asked_with_token,
    logged_in_to_broker,
    logged_in_to_database,
)
from panda_infra.products.verification import Check, Request, postgres

__all__ = ["CHECKS"]

CHECKS = (
    Check(
        "idds.alive",
        "iDDS answers, and refuses who shows no token",
        "PANDA-API",
        Request("idds/rest", 8443, "/idds/ping", status=(401,)),
    ),
    Check(
        "idds.token",
        "iDDS accepts the token of the PanDA server",
        "PANDA-TOKENS",
        asked_with_token(
            "panda/server",
            PANDA_PYTHON,
            "https://{PANDA_IDDS_HOST}:{PANDA_IDDS_PORT}/idds/ping",
            {
                "X-IDDS-Auth-Type": "oidc",
                "X-IDDS-Auth-VO": "{PANDA_IDDS_AUTH_VO}",
                "X-IDDS-Auth-Token": "{token}",
            },
            token="PANDA_IDDS_AUTH_ID_TOKEN",  # noqa: S106 - the name of a variable
            status=(200,),
        ),
        behind=("iam/main", "idds/rest"),
    ),
    Check(
        "idds.broker",
        "The account of iDDS logs in to the broker",
        "PANDA-MESSAGES",
        logged_in_to_broker(
            "idds/rest",
            IDDS_PYTHON,
            broker="IDDS_RECEIVER_BROKERS",
            login="idds",
            password="IDDS_RECEIVER_PASSWORD",  # noqa: S106 - the name of a variable
        ),
        behind=("msgsvc/activemq",),
    ),
    Check(
        "idds.database",
        "The embedded database answers a query of its user",
        "PANDA-DATABASES",
        postgres("idds/postgres", "SELECT version()", "POSTGRES", "POSTGRES_DB"),
    ),
    Check(
        "idds.database-login",
        "The pod of iDDS logs in to the database",
        "PANDA-DATABASES",
        logged_in_to_database("idds/rest", IDDS_PYTHON, prefix="IDDS_DATABASE_", backend="IDDS_DB_BACKEND"),
        behind=("idds/postgres",),
    ),
)
