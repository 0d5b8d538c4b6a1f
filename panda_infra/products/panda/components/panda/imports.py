"""PanDA's own part of an import."""

from __future__ import annotations

from panda_infra.products.imports import Folder, Imports

__all__ = ["IMPORTS"]

IMPORTS = Imports(
    texts={
        "database.backend": "database.backend",
        "database.dbhost": "database.host",
        "database.name": "database.name",
        "database.user": "database.user",
        "database.schemapanda": "database.schemas.panda",
        "database.schemameta": "database.schemas.meta",
        "database.schemapandaarch": "database.schemas.archive",
        "database.schemajedi": "database.schemas.jedi",
        "database.schemadeft": "database.schemas.deft",
    },
    numbers={"database.dbport": "database.port", "port": "port", "sslPort": "sslPort"},
    secrets={"database.password": "databasePassword"},
    hosts={"hostName": "panda"},
    fixed={"verifyHost": "off", "configRoot": "/tmp/"},  # noqa: S108 - a folder inside the pod
    may_be_empty=(
        "existingTlsSecret",
        "hostName",
        "database.backend",
        "database.dbhost",
        "database.name",
        "database.user",
        "database.schemapanda",
        "database.schemameta",
        "database.schemapandaarch",
        "database.schemajedi",
        "database.schemadeft",
    ),
    folders={"panda_certs": Folder(endings=(".pem", ".proxy"), certificate=True)},
    chart_switches={"nodeRecovery.enabled": "nodeRecovery"},
)
