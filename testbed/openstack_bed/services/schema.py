"""Makes the data bases, keys and first records that a service needs before its first start."""

# mypy: disable-error-code="import-not-found, import-untyped"
# ruff: noqa: PLC0415 (each process imports one service, and Nova only once it is patched)

from __future__ import annotations

import os
from collections.abc import Callable

from oslo_db.sqlalchemy import enginefacade

from testbed.openstack_bed.settings import REGION, Settings


def _keystone(settings: Settings) -> None:
    """Runs the set-up that an operator does with keystone-manage."""
    from keystone.cmd import cli

    config = str(settings.etc / "keystone.conf")
    url = settings.url("keystone")
    owner = ["--keystone-user", "root", "--keystone-group", "root"] if os.geteuid() == 0 else []
    # One word, because a password may begin with a hyphen.
    admin = [f"--bootstrap-password={settings.password}", "--bootstrap-region-id", REGION]
    admin += [word for kind in ("admin", "public", "internal") for word in (f"--bootstrap-{kind}-url", url)]
    for command in (
        ["db_sync"],
        ["fernet_setup", *owner],
        ["credential_setup", *owner],
        ["bootstrap", *admin],
    ):
        cli.CONF.reset()
        # A function call, because a password must not be among a process's arguments.
        cli.main(argv=["keystone-manage", "--config-file", config, *command], developer_config_file=None)


def _placement(settings: Settings) -> None:
    from oslo_config import cfg
    from placement import conf, db_api
    from placement.db.sqlalchemy import migration

    config = cfg.ConfigOpts()
    conf.register_opts(config)
    config([], default_config_files=[str(settings.etc / "placement.conf")])
    db_api.configure(config)
    migration.upgrade("head")


def _glance(settings: Settings) -> None:
    """From the models, because SQLite cannot run the migrations. The same holds for Neutron, Magnum and Manila."""
    from glance.db.sqlalchemy import models, models_metadef

    engine = _engine(settings, "glance")
    models.register_models(engine)
    models_metadef.register_models(engine)


def _neutron(settings: Settings) -> None:
    from neutron.db.migration.models import head

    head.get_metadata().create_all(_engine(settings, "neutron"))


def _magnum(settings: Settings) -> None:
    from magnum.db.sqlalchemy import models

    models.Base.metadata.create_all(_engine(settings, "magnum"))


def _cinder(settings: Settings) -> None:
    from cinder.db import migration
    from oslo_config import cfg

    cfg.CONF(["--config-file", str(settings.etc / "cinder.conf")], project="cinder")
    migration.db_sync()


def _manila(settings: Settings) -> None:
    from manila.db.sqlalchemy import models

    models.BASE.metadata.create_all(_engine(settings, "manila"))


def _nova(settings: Settings) -> None:
    """Runs the set-up that an operator does with nova-manage: both data bases, cell0 and cell1."""
    from testbed.openstack_bed.services import nova

    nova.configure(settings)
    from nova import context, objects
    from nova.cmd import manage
    from nova.db import migration

    migration.db_sync(database="api")
    cells = manage.CellV2Commands()
    # Nova's templates of addresses, because the data bases are later copied to another folder.
    main = "sqlite:////{path}"
    cells.map_cell0(f"{main}.cell0.db")
    admin = context.get_admin_context()
    mapping = objects.CellMapping.get_by_uuid(admin, objects.CellMapping.CELL0_UUID)
    with context.target_cell(admin, mapping) as cell0:
        migration.db_sync(context=cell0)
    migration.db_sync()
    cells.create_cell(name="cell1", database_connection=main)


def _engine(settings: Settings, name: str) -> object:
    facade = enginefacade.transaction_context()
    facade.configure(connection=f"sqlite:///{settings.database(name)}")
    return facade.writer.get_engine()


MAKERS: dict[str, Callable[[Settings], None]] = {
    "keystone": _keystone,
    "placement": _placement,
    "glance": _glance,
    "neutron": _neutron,
    "magnum": _magnum,
    "cinder": _cinder,
    "manila": _manila,
    "nova": _nova,
}


def run(settings: Settings, name: str) -> None:
    """Makes everything for the service ``name``, one of ``MAKERS``."""
    MAKERS[name](settings)
