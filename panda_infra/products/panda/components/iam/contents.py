"""The content of the Secrets of INDIGO IAM."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from panda_infra.config import go_yaml
from panda_infra.products import sql
from panda_infra.products.content import Env, flag, reveal
from panda_infra.products.panda.components.iam.models import (
    Iam,
    IamSecrets,
    IamSettings,
)
from panda_infra.products.panda.keystore import key_id

if TYPE_CHECKING:
    from panda_infra.products.panda.context import Context

__all__ = [
    "CHARACTER_SET",
    "COLLATION",
    "FIRST_ACCOUNTS",
    "KEYSTORE",
    "conf",
    "database_envs",
    "envs",
    "initdb",
]

KEYSTORE = "iam-keystore.jwks"
# IAM's tables need this character set.
CHARACTER_SET, COLLATION = "latin1", "latin1_swedish_ci"


# Flyway runs this file after V3, which makes the first accounts, and before V10_1, which hashes passwords.
FIRST_ACCOUNTS = "V3_1__first_accounts.sql"


_FOLDER = "/indigo-iam/config"


_PRODUCTION = "prod"


def database_envs(context: Context) -> Env:
    """The content of the Secret iam-db-envs."""
    secrets = context.secrets.of(IamSecrets)
    return {
        "MARIADB_USER": context.iam.database.user,
        "MARIADB_PASSWORD": reveal(secrets.database_password),
        "MARIADB_ROOT_PASSWORD": reveal(secrets.database_root_password),
    }


def initdb(context: Context) -> Env:
    """The content of the Secret iam-initdb."""
    database = context.iam.database
    return {
        "init_org_db.sql": sql.script(
            sql.create_database(database.name, f"CHARACTER SET {CHARACTER_SET} COLLATE {COLLATION}"),
            sql.create_user(database.user, reveal(context.secrets.of(IamSecrets).database_password)),
            sql.grant(database.name, database.user),
        )
    }


def envs(context: Context) -> Env:
    """The Secret iam-envs; if the stack deploys only the database, just the variables of its backup."""
    database = context.iam.database
    env = {
        "IAM_DB_HOST": context.iam_database_host,
        "IAM_DB_NAME": database.name,
        "IAM_DB_USERNAME": database.user,
        "IAM_DB_PASSWORD": reveal(context.secrets.of(IamSecrets).database_password),
    }
    if context.config.components.get(Iam) is None:
        return env
    return env | _service(context) | _pages(context) | _mail(context.iam)


def _service(context: Context) -> Env:
    settings = context.iam
    provider = settings.identity_provider
    profiles = dict.fromkeys([*settings.profiles, *(["oidc"] if provider else [])])
    return {
        "IAM_JAVA_OPTS": f"-Dspring.profiles.active={','.join(profiles)} -Dlog4j2.formatMsgNoLookups=true",
        "IAM_PORT": "8443",
        "IAM_BASE_URL": context.iam_url,
        "IAM_ISSUER": context.iam_url,
        "IAM_KEY_STORE_LOCATION": f"file://{_FOLDER}/{KEYSTORE}",
        "IAM_JWK_DEFAULT_KEY_ID": key_id(reveal(context.secrets.of(IamSecrets).keystore)),
        "IAM_FORWARD_HEADERS_STRATEGY": "native",
        "IAM_CILOGON_CLIENT_ID": provider.client_id if provider else "",
        "IAM_CILOGON_CLIENT_SECRET": reveal(context.secrets.of(IamSecrets).identity_provider_secret),
        "IAM_REGISTRATION_OIDC_ISSUER": provider.issuer if provider else "",
        "IAM_REGISTRATION_REQUIRE_EXTERNAL_AUTHENTICATION": flag(
            settings.external_authentication and bool(provider)
        ),
        "IAM_ACCESS_TOKEN_INCLUDE_AUTHN_INFO": flag(settings.authn_info_in_tokens),
        "IAM_CLIENT_REGISTRATION_ALLOW_FOR": settings.client_registration_for,
        **_migrations(settings),
        **_health(settings),
    }


def _health(settings: IamSettings) -> Env:
    if settings.health_probe is None:
        return {"IAM_HEALTH_EXTERNAL_CONNECTIVITY_PROBE_ENABLED": "false"}
    return {
        "IAM_HEALTH_EXTERNAL_CONNECTIVITY_PROBE_ENABLED": "true",
        "IAM_HEALTH_EXTERNAL_CONNECTIVITY_PROBE_ENDPOINT": settings.health_probe,
    }


def _migrations(settings: IamSettings) -> Env:
    """The locations of IAM's migrations: those of the image, and the stack's own beside the configuration."""
    if _PRODUCTION not in settings.profiles:
        return {}  # other profiles create other accounts
    # In a mounted Secret, only this folder contains each file once.
    places = ("classpath:db/migration/mysql", "classpath:db/migration/prod", f"filesystem:{_FOLDER}/..data")
    return {"SPRING_FLYWAY_LOCATIONS": ",".join(places)}


def _pages(context: Context) -> Env:
    settings = context.iam
    organisation = settings.organisation or context.experiment.title
    # Without an identity provider, nobody can log in if IAM's own accounts are hidden.
    provider = settings.identity_provider
    return {
        "IAM_ORGANISATION_NAME": organisation,
        "IAM_TOPBAR_TITLE": settings.title or f"PanDA {organisation}",
        "IAM_LOGO_URL": settings.logo_url,
        "IAM_LOGO_HEIGHT": settings.logo_height,
        "IAM_LOGO_WIDTH": settings.logo_width,
        "IAM_LOCAL_AUTHN_LOGIN_PAGE_VISIBILITY": settings.local_login if provider else "visible",
        "IAM_LOCAL_AUTHN_ENABLED_FOR": settings.local_login_for if provider else "all",
    }


def _mail(settings: IamSettings) -> Env:
    mail = settings.mail
    if mail is None:
        return {"IAM_NOTIFICATION_DISABLE": "true", "IAM_HEALTH_MAIL_PROBE_ENABLED": "false"}
    return {
        "IAM_MAIL_HOST": mail.host,
        "IAM_MAIL_PORT": str(mail.port),
        "IAM_NOTIFICATION_FROM": mail.sender,
        "IAM_NOTIFICATION_ADMIN_ADDRESS": mail.administrators,
    }


def conf(context: Context) -> Env:
    """The Secret iam-conf; Spring merges these files over the image's own, so they contain only the differences."""
    first = {FIRST_ACCOUNTS: _first_accounts(context)} if _PRODUCTION in context.iam.profiles else {}
    return first | {
        "application.yml": _yaml(_application()),
        "application-oidc.yml": _yaml({"oidc": {"providers": _providers(context)}}),
        "application.properties": "logging.level.root=WARN\nlogging.level.it.infn.mw=INFO\nlogging.level.AUDIT=INFO\n",
        KEYSTORE: reveal(context.secrets.of(IamSecrets).keystore),
    }


def _first_accounts(context: Context) -> str:
    """SQL that replaces the publicly known passwords of IAM's first administrator and first client (T5).

    It runs between the migration that makes both and the one that hashes passwords; in an older database, the
    administrator's password is hashed already and stays.
    """
    secrets = context.secrets
    unguessable = hmac.new(reveal(secrets.hash_key).encode(), b"first client of IAM", "sha256").hexdigest()
    return sql.script(
        sql.update(
            "iam_account",
            {
                "username": context.iam.superuser,
                "password": reveal(secrets.of(IamSecrets).superuser_password),
            },
            {"username": "admin", "password": "password"},
        ),
        sql.update(
            "client_details",
            {"client_secret": unguessable},
            {"client_id": "client", "client_secret": "secret"},
        ),
    )


def _application() -> dict[str, object]:
    from_provider = {"name": "given_name", "surname": "family_name", "email": "email"}
    fields = {
        field: {"read-only": True, "external-auth-attribute": attribute}
        for field, attribute in from_provider.items()
    }
    fields["username"] = {"read-only": False, "external-auth-attribute": "preferred_username"}
    return {
        "iam": {"registration": {"fields": fields}, "user-profile": {"editable-fields": ["picture"]}},
        "x509": {"tlsVersion": "TLSv1.2"},
    }


def _providers(context: Context) -> list[dict[str, object]]:
    provider = context.iam.identity_provider
    if provider is None:
        return []
    return [
        {
            "name": provider.name,
            "issuer": provider.issuer,
            "client": {
                "clientId": "${IAM_CILOGON_CLIENT_ID}",
                "clientSecret": "${IAM_CILOGON_CLIENT_SECRET}",
                "redirectUris": "${iam.baseUrl}/openid_connect_login",
                "scope": provider.scope,
            },
            "loginButton": {"text": provider.button, "style": "btn-primary", "image": {"fa-icon": "none"}},
        }
    ]


def _yaml(value: object) -> str:
    return go_yaml.dump(value, sort_keys=True, allow_unicode=True)
