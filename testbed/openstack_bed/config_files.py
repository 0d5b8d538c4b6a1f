"""The services' configuration files: small, throw-away, on SQLite, without a broker."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from testbed.openstack_bed.settings import HOST, REGION, SHARE_BACKEND, VOLUME_BACKEND, Settings

_Value = str | int | bool
Options = Mapping[str, _Value]
Sections = Mapping[str, Options]

# The in-memory transport of oslo.messaging, which works only inside one process.
_NO_BROKER = "fake://"
# Enough for all tests; an instance larger than the fake hypervisor's 800 GB still finds no host.
_OVERCOMMIT = 1000
# Only tests set limits of a project.
_UNLIMITED = -1
_FOLDERS = ("etc", "log", "databases", "locks", "images", "glance-tasks", "glance-staging", "nova", "magnum",
            "neutron", "cinder", "manila", "fernet", "fernet-receipts", "credential", "clusters")  # fmt: skip


def write(settings: Settings) -> None:
    """Makes the bed's folders and all configuration files in ``settings.etc``."""
    settings.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name in _FOLDERS:
        (settings.folder / name).mkdir(exist_ok=True, mode=0o700)
    for name, sections in files(settings).items():
        (settings.etc / name).write_text(render(sections))


def files(settings: Settings) -> dict[str, Sections]:
    """File name -> section -> option -> value."""
    return {
        "keystone.conf": _keystone(settings),
        "placement.conf": _placement(settings),
        "glance-api.conf": _glance(settings),
        "neutron.conf": _neutron(settings),
        "nova.conf": _nova(settings),
        "magnum.conf": _magnum(settings),
        "cinder.conf": _cinder(settings),
        "manila.conf": _manila(settings),
    }


def render(sections: Sections) -> str:
    """The text of an oslo.config file."""

    def lines() -> Iterator[str]:
        for name, options in sections.items():
            yield f"[{name}]"
            for option, value in options.items():
                yield f"{option} = {str(value).lower() if isinstance(value, bool) else value}"

    return "\n".join(lines()) + "\n"


def _keystone(settings: Settings) -> Sections:
    return {
        "DEFAULT": _logging(settings, "keystone"),
        "database": _database(settings, "keystone"),
        # bcrypt's lowest cost, because these passwords are throw-away
        "identity": {"password_hash_rounds": 4},
        "token": {"provider": "fernet"},
        "fernet_tokens": {"key_repository": f"{settings.folder}/fernet"},
        # missing from the manuals, and in /etc unless set
        "fernet_receipts": {"key_repository": f"{settings.folder}/fernet-receipts"},
        "credential": {"key_repository": f"{settings.folder}/credential"},
        "cache": {"enabled": True, "backend": "dogpile.cache.memory"},
        **_oslo(settings),
    }


def _placement(settings: Settings) -> Sections:
    return {
        "DEFAULT": _logging(settings, "placement"),
        "api": {"auth_strategy": "keystone"},
        "keystone_authtoken": _token_check(settings, "placement"),
        "placement_database": _database(settings, "placement"),
    }


def _glance(settings: Settings) -> Sections:
    return {
        "DEFAULT": {
            **_logging(settings, "glance"),
            "enabled_backends": "file:file",
            "enabled_import_methods": "[]",
            "worker_self_reference_url": settings.url("glance"),
        },
        "database": _database(settings, "glance"),
        "glance_store": {"default_backend": "file"},
        "file": {"filesystem_store_datadir": f"{settings.folder}/images"},
        "os_glance_tasks_store": {"filesystem_store_datadir": f"{settings.folder}/glance-tasks"},
        "os_glance_staging_store": {"filesystem_store_datadir": f"{settings.folder}/glance-staging"},
        "keystone_authtoken": _token_check(settings, "glance"),
        "paste_deploy": {
            "flavor": "keystone",
            "config_file": _paste(settings, "glance/glance-api-paste.ini"),
        },
        **_oslo(settings),
    }


def _neutron(settings: Settings) -> Sections:
    return {
        "DEFAULT": {
            **_logging(settings, "neutron"),
            "state_path": f"{settings.folder}/neutron",
            "transport_url": _NO_BROKER,
            "core_plugin": "ml2",
            "service_plugins": "",
            "api_paste_config": _paste(settings, "neutron/api-paste.ini"),
            "auth_strategy": "keystone",
            "notify_nova_on_port_status_changes": False,
            "notify_nova_on_port_data_changes": False,
            "rpc_workers": 0,
        },
        "database": _database(settings, "neutron"),
        "ml2": {
            "type_drivers": "flat,local",
            "tenant_network_types": "local",
            "mechanism_drivers": "testbed",
            "extension_drivers": "",
        },
        "ml2_type_flat": {"flat_networks": "*"},
        "keystone_authtoken": _token_check(settings, "neutron"),
        **_oslo(settings),
    }


def _nova(settings: Settings) -> Sections:
    account = _account(settings, "nova")
    return {
        "DEFAULT": {
            **_logging(settings, "nova"),
            "host": "testbed",
            "my_ip": HOST,
            "state_path": f"{settings.folder}/nova",
            "transport_url": _NO_BROKER,
            "compute_driver": "fake.FakeDriver",
            # the fake hypervisor has no network to refresh
            "heal_instance_info_cache_interval": -1,
            "default_availability_zone": "nova",
            "initial_cpu_allocation_ratio": _OVERCOMMIT,
            "initial_ram_allocation_ratio": _OVERCOMMIT,
            "initial_disk_allocation_ratio": _OVERCOMMIT,
        },
        "api": {"auth_strategy": "keystone"},
        "wsgi": {"api_paste_config": _paste(settings, "nova/api-paste.ini")},
        "api_database": _database(settings, "nova_api"),
        "database": _database(settings, "nova"),
        "keystone_authtoken": _token_check(settings, "nova"),
        "service_user": {"send_service_user_token": True, **account},
        **dict.fromkeys(("placement", "glance", "neutron", "cinder", "keystone"), account),
        "filter_scheduler": {"track_instance_changes": False},
        "quota": dict.fromkeys(("cores", "ram", "instances"), _UNLIMITED),
        **_oslo(settings),
    }


def _magnum(settings: Settings) -> Sections:
    region = {"region_name": REGION}
    return {
        "DEFAULT": {
            **_logging(settings, "magnum"),
            "host": "testbed",
            "state_path": f"{settings.folder}/magnum",
            "transport_url": _NO_BROKER,
            "periodic_interval_max": 1,
        },
        "api": {"api_paste_config": _paste(settings, "magnum/api-paste.ini")},
        "database": _database(settings, "magnum"),
        "certificates": {"cert_manager_type": "x509keypair"},
        "trust": {
            "trustee_domain_name": "magnum",
            "trustee_domain_admin_name": "magnum_domain_admin",
            "trustee_domain_admin_password": settings.password,
            "trustee_keystone_interface": "public",
            "cluster_user_trust": True,
        },
        # the bed's own driver claims the same kind of cluster
        "drivers": {"disabled_drivers": "k8s_fedora_coreos_v1"},
        "kubernetes": {"health_polling_interval": 3600},
        "keystone_auth": _account(settings, "magnum"),
        "keystone_authtoken": _token_check(settings, "magnum"),
        "glance_client": region,
        # the first microversion that lets novaclient boot a server without a network
        "nova_client": {"api_version": "2.37", **region},
        "neutron_client": region,
        "magnum_client": region,
        **_oslo(settings),
    }


def _cinder(settings: Settings) -> Sections:
    return {
        "DEFAULT": {
            **_logging(settings, "cinder"),
            "host": "testbed",
            "my_ip": HOST,
            "state_path": f"{settings.folder}/cinder",
            "transport_url": _NO_BROKER,
            "auth_strategy": "keystone",
            "api_paste_config": _paste(settings, "cinder/api-paste.ini"),
            "enabled_backends": VOLUME_BACKEND,
            **dict.fromkeys(("quota_volumes", "quota_gigabytes"), _UNLIMITED),
        },
        VOLUME_BACKEND: {
            "volume_driver": "testbed.openstack_bed.driver.volumes.Nowhere",
            "volume_backend_name": VOLUME_BACKEND,
        },
        "database": _database(settings, "cinder"),
        "coordination": {"backend_url": f"file://{settings.folder}/cinder"},
        "keystone_authtoken": _token_check(settings, "cinder"),
        **_oslo(settings),
    }


def _manila(settings: Settings) -> Sections:
    return {
        "DEFAULT": {
            **_logging(settings, "manila"),
            "host": "testbed",
            "my_ip": HOST,
            "state_path": f"{settings.folder}/manila",
            "transport_url": _NO_BROKER,
            "auth_strategy": "keystone",
            "api_paste_config": _paste(settings, "manila/api-paste.ini"),
            "enabled_share_backends": SHARE_BACKEND,
            "enabled_share_protocols": "CEPHFS",
            "default_share_type": SHARE_BACKEND,
        },
        SHARE_BACKEND: {
            "share_driver": "testbed.openstack_bed.driver.shares.Nowhere",
            "share_backend_name": SHARE_BACKEND,
            "driver_handles_share_servers": False,
        },
        "quota": dict.fromkeys(("shares", "gigabytes"), _UNLIMITED),
        "database": _database(settings, "manila"),
        "coordination": {"backend_url": f"file://{settings.folder}/manila"},
        # an unusual section, because Manila's share service registers options of the same names in the usual one
        "keystone_authtoken": {**_token_check(settings, "manila"), "auth_section": "token_check"},
        "token_check": _account(settings, "manila"),
        **_oslo(settings),
    }


def _logging(settings: Settings, service: str) -> Options:
    return {"log_file": str(settings.log / f"{service}-service.log"), "use_stderr": False}


def _database(settings: Settings, name: str) -> Options:
    return {"connection": f"sqlite:///{settings.database(name)}"}


def _paste(settings: Settings, name: str) -> str:
    return str(settings.services / "etc" / name)


def _account(settings: Settings, user: str) -> Options:
    """The options with which a service logs in to others."""
    return {
        "auth_type": "password",
        "auth_url": settings.url("keystone"),
        "username": user,
        "password": settings.password,
        "project_name": "service",
        "user_domain_name": "Default",
        "project_domain_name": "Default",
        "region_name": REGION,
        "valid_interfaces": "public",
    }


def _token_check(settings: Settings, user: str) -> Options:
    """The options with which a service checks tokens; Magnum also reads Keystone's address here."""
    account = {name: value for name, value in _account(settings, user).items() if name != "valid_interfaces"}
    return {
        "www_authenticate_uri": settings.url("keystone"),
        **account,
        "interface": "public",
        "service_token_roles_required": True,
        "service_token_roles": "service",
    }


def _oslo(settings: Settings) -> Sections:
    return {
        "oslo_messaging_notifications": {"driver": "noop"},
        "oslo_concurrency": {"lock_path": f"{settings.folder}/locks"},
    }
