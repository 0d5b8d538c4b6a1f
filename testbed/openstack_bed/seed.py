"""Fills a new cloud: catalog and service users, then its offers to the tenant."""

from __future__ import annotations

from typing import Any

import openstack

from testbed.openstack_bed import offer
from testbed.openstack_bed.settings import REGION, SHARE_BACKEND, Settings

TYPES = {
    "keystone": "identity",
    "placement": "placement",
    "nova": "compute",
    "glance": "image",
    "neutron": "network",
    "magnum": "container-infra",
    "cinder": "volumev3",  # the name that clients search for; the official one is newer
    "manila": "sharev2",  # likewise
}


def connect(settings: Settings, user: str) -> Any:
    """An openstacksdk connection as ``admin`` or ``panda``, in the project of the same name."""
    return openstack.connect(
        auth_url=settings.url("keystone"),
        username=user,
        password=settings.password,
        project_name=user,
        user_domain_name="Default",
        project_domain_name="Default",
        region_name=REGION,
        load_yaml_config=False,
        load_envvars=False,
    )


def identity(settings: Settings) -> None:
    """Catalog, service users, Magnum's trustee domain, and the tenant: an ordinary member, no admin."""
    keystone = connect(settings, "admin").identity
    roles = {role.name: role.id for role in keystone.roles()}
    password = settings.password

    services = keystone.create_project(name="service", domain_id="default")
    for name, kind in TYPES.items():
        if name == "keystone":  # its bootstrap has made it
            continue
        user = keystone.create_user(name=name, domain_id="default", password=password)
        for role in ("admin", "service"):
            keystone.assign_project_role_to_user(services.id, user.id, roles[role])
        service = keystone.create_service(type=kind, name=name)
        keystone.create_endpoint(
            service_id=service.id, interface="public", region_id=REGION, url=settings.url(name)
        )

    # Magnum makes a user and a trust for each cluster in this domain.
    domain = keystone.create_domain(name="magnum")
    trustee = keystone.create_user(name="magnum_domain_admin", domain_id=domain.id, password=password)
    keystone.assign_domain_role_to_user(domain.id, trustee.id, roles["admin"])

    project = keystone.create_project(name=offer.PROJECT, domain_id="default")
    user = keystone.create_user(
        name=offer.USER, domain_id="default", password=password, default_project_id=project.id
    )
    keystone.assign_project_role_to_user(project.id, user.id, roles["member"])


def image(settings: Settings) -> None:
    """The image of clusters' nodes."""
    connect(settings, "admin").image.create_image(
        name=offer.IMAGE,
        data=b"no system",
        disk_format="raw",
        container_format="bare",
        visibility="public",
        validate_checksum=False,
        os_distro="fedora-coreos",  # Magnum chooses its driver by this
    )


def flavors(settings: Settings) -> None:
    """The sizes of servers."""
    compute = connect(settings, "admin").compute
    for flavor in (*offer.FLAVORS, offer.UNPLACEABLE):
        compute.create_flavor(name=flavor.name, vcpus=flavor.cpus, ram=flavor.memory, disk=flavor.disk)


def network(settings: Settings) -> None:
    """The network of all servers."""
    neutron = connect(settings, "admin").network
    made = neutron.create_network(
        name=offer.NETWORK,
        is_shared=True,
        is_router_external=True,
        provider_network_type="flat",
        provider_physical_network="cern",
    )
    neutron.create_subnet(
        network_id=made.id, name=offer.SUBNET, ip_version=4, cidr=offer.ADDRESSES, is_dhcp_enabled=False
    )


def cluster_templates(settings: Settings) -> None:
    """The public templates of clusters; Magnum checks that their image, flavors and network exist."""
    magnum = connect(settings, "admin").container_infrastructure_management
    for name in (offer.TEMPLATE, offer.MULTI_MASTER_TEMPLATE):
        magnum.create_cluster_template(
            name=name,
            coe="kubernetes",
            image_id=offer.IMAGE,
            is_public=True,
            flavor_id="m2.medium",
            master_flavor_id="m2.medium",
            is_master_lb_enabled=name == offer.MULTI_MASTER_TEMPLATE,
            network_driver="calico",
            external_network_id=offer.NETWORK,
            fixed_network=offer.NETWORK,
            fixed_subnet=offer.SUBNET,
            labels={"kube_tag": "v1.29.2", "cern_enabled": "true"},
        )


def share_type(settings: Settings) -> None:
    """The type of all shares."""
    manila = connect(settings, "admin").shared_file_system
    specs = {"driver_handles_share_servers": "False", "snapshot_support": "False"}
    body = {"share_type": {"name": SHARE_BACKEND, "extra_specs": specs}}
    manila.post("/types", json=body, raise_exc=True)


def application_credential(settings: Settings) -> tuple[str, str]:
    """A restricted application credential of the tenant: its id and secret."""
    tenant = connect(settings, offer.USER)
    credential = tenant.identity.create_application_credential(user=tenant.current_user_id, name="testbed")
    return credential.id, credential.secret
