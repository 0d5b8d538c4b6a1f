"""OpenStack through openstacksdk: by its proxies, and by plain requests where they are not sufficient.

Version 4.22 has no node groups, resizes, upgrades and quotas of Magnum; it drops the reason of a cluster's failure,
Heat's faults and the labels beside the template's; it would retry requests that create something; it finds no limits
of Manila and does not follow its pages. The limits of all services are read in the same way.

keystoneauth retries on 429 and 5xx, with growing pauses or after Retry-After, and renews an expired token if the
credential allows it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import openstack
from keystoneauth1 import exceptions
from openstack.config.loader import OpenStackConfig
from openstack.exceptions import HttpException, SDKException
from typing_extensions import override

from panda_infra.clients.openstack.answers import cluster_of, limits_of, reason_of, words_of
from panda_infra.clients.openstack.api import (
    BlockVolume,
    ClusterInfo,
    ClusterSpec,
    Flavor,
    Limits,
    NodeGroupInfo,
    OpenStack,
    OpenStackError,
    OpenStackNotAllowedError,
    OpenStackNotFoundError,
    OpenStackUnreachableError,
    Server,
    Share,
)
from panda_infra.clients.openstack.login import file_problem, login_of, login_problem, scope_of, where_of

__all__ = ["SdkOpenStack"]

Json = dict[str, Any]

_RETRIES = 6  # with keystoneauth's pauses of 0.5 s, 1 s, 2 s...: about half a minute
_TRANSIENT = (429, 500, 502, 503, 504)
_REJECTED = (429,)  # the only status after which the request was surely not carried out
_PATIENCE = {
    "status_code_retries": _RETRIES,
    "retriable_status_codes": _TRANSIENT,
    "connect_retries": _RETRIES,
}
_PAGE = 1000  # shares
_TIMEOUT = 60  # seconds that a service may take to answer
_NODE_GROUPS = {"OpenStack-API-Version": "container-infra 1.9"}
_UPGRADE = {"OpenStack-API-Version": "container-infra 1.8"}
_NOT_FOUND = 404
_UNAUTHORIZED = 401
_REFUSALS = (_UNAUTHORIZED, 403)
_NOT_OF_A_FILE = ("envvars", "defaults", "", None)


class SdkOpenStack(OpenStack):
    """A connection to one cloud; connects at the first call."""

    _scope = "no project, domain or system"

    def __init__(self, cloud: str | None) -> None:
        self._cloud = cloud
        self._refuse(file_problem(cloud))
        with self._plainly("the log-in"):
            region = OpenStackConfig().get_one(cloud=cloud, validate=False)
        settings = region.config
        # Without a name it is that of the variables, or the default of OS_CLOUD or of a file.
        known = cloud or (region.name if region.name not in _NOT_OF_A_FILE else None)
        self._refuse(login_problem(known, str(settings.get("auth_type") or "password"), settings))
        self._scope = scope_of(login_of(settings))
        with self._plainly("the log-in"):
            self._connection = openstack.connect(cloud=cloud, api_timeout=_TIMEOUT, **_PATIENCE)

    @override
    def application_credential(self) -> bool:
        with self._plainly("the log-in"):
            return "applicationcredential" in type(self._connection.session.auth).__name__.lower()

    @override
    def template(self, name: str) -> str | None:
        with suppress(OpenStackNotFoundError):
            return str(self._template(name).uuid)
        return None

    @override
    def template_name(self, template_id: str) -> str:
        return str(self._template(template_id).name)

    @override
    def balances_masters(self, template_id: str) -> bool:
        return bool(self._template(template_id).is_master_lb_enabled)

    def _template(self, name: str) -> Any:
        with self._plainly(f"GET /clustertemplates/{name}"):
            return self._connection.container_infrastructure_management.get_cluster_template(name)

    @override
    def flavor(self, name: str) -> Flavor | None:
        with self._plainly("GET /flavors/detail"):
            found = next((f for f in self._connection.compute.flavors() if name in (f.name, f.id)), None)
        return Flavor(found.id, found.name, found.vcpus, found.ram) if found else None

    @override
    def keypair(self, name: str) -> str | None:
        with suppress(OpenStackNotFoundError), self._plainly(f"GET /os-keypairs/{name}"):
            return str(self._connection.compute.get_keypair(name).public_key)
        return None

    @override
    def limits(self) -> Mapping[str, Limits]:
        nova = self._absolute_limits("compute")
        found = {
            "instances": limits_of(nova["maxTotalInstances"], nova["totalInstancesUsed"]),
            "cores": limits_of(nova["maxTotalCores"], nova["totalCoresUsed"]),
            "ram": limits_of(nova["maxTotalRAMSize"], nova["totalRAMUsed"]),
        }
        if self._has("block-storage"):
            cinder = self._absolute_limits("block_storage")
            found["volumes"] = limits_of(cinder["maxTotalVolumes"], cinder["totalVolumesUsed"])
        if self._has("shared-file-system"):
            manila = self._absolute_limits("shared_file_system")
            found["shares"] = limits_of(manila["maxTotalShares"], manila["totalSharesUsed"])
            found["share storage"] = limits_of(
                manila["maxTotalShareGigabytes"], manila["totalShareGigabytesUsed"]
            )
        return found

    def _absolute_limits(self, service: str) -> Mapping[str, int]:
        limits: Mapping[str, int] = self._call(service, "GET", "/limits")["limits"]["absolute"]
        return limits

    @override
    def cluster_limits(self) -> Limits:
        with self._plainly("the log-in"):
            project = self._connection.current_project_id
        # Magnum does not state the default quota to a project without a quota of its own.
        quota = self._magnum("GET", f"/quotas/{project}/Cluster", missing=True)
        return Limits(
            quota["hard_limit"] if quota else None, len(self._magnum("GET", "/clusters")["clusters"])
        )

    @override
    def cluster(self, cluster_id: str) -> ClusterInfo | None:
        found = self._magnum("GET", f"/clusters/{cluster_id}", missing=True)
        return cluster_of(found) if found else None

    @override
    def clusters_named(self, name: str) -> Sequence[ClusterInfo]:
        listed = self._magnum("GET", "/clusters")["clusters"]
        return [cluster_of(found) for found in listed if found["name"] == name]

    @override
    def create_cluster(self, spec: ClusterSpec) -> str:
        body = {
            "name": spec.name,
            "cluster_template_id": spec.template,
            "keypair": spec.keypair,
            "flavor_id": spec.flavor,
            "master_flavor_id": spec.master_flavor,
            "node_count": spec.node_count,
            "master_count": spec.master_count,
            "labels": dict(spec.labels),
            "merge_labels": True,
        }
        return str(self._magnum("POST", "/clusters", json=body, retriable_status_codes=_REJECTED)["uuid"])

    @override
    def upgrade_cluster(self, cluster_id: str, template: str) -> None:
        body = {"cluster_template": template}
        self._magnum("POST", f"/clusters/{cluster_id}/actions/upgrade", json=body, headers=_UPGRADE)

    @override
    def delete_cluster(self, cluster_id: str) -> None:
        self._magnum("DELETE", f"/clusters/{cluster_id}", missing=True)

    @override
    def node_groups(self, cluster_id: str) -> Sequence[NodeGroupInfo]:
        path = f"/clusters/{cluster_id}/nodegroups"
        return [
            NodeGroupInfo(
                id=group["uuid"],
                name=group["name"],
                role=group["role"],
                flavor=group["flavor_id"],
                node_count=group["node_count"],
                status=group["status"] or "",
                default=group["is_default"],
            )
            for group in self._magnum("GET", path, headers=_NODE_GROUPS)["nodegroups"]
        ]

    @override
    def create_node_group(self, cluster_id: str, name: str, flavor: str, count: int) -> None:
        body = {
            "name": name,
            "flavor_id": flavor,
            "node_count": count,
            "role": "worker",
            "merge_labels": True,
        }
        path = f"/clusters/{cluster_id}/nodegroups"
        self._magnum("POST", path, json=body, headers=_NODE_GROUPS, retriable_status_codes=_REJECTED)

    @override
    def resize_node_group(self, cluster_id: str, group_id: str, count: int) -> None:
        body = {"node_count": count, "nodegroup": group_id}
        self._magnum("POST", f"/clusters/{cluster_id}/actions/resize", json=body, headers=_NODE_GROUPS)

    @override
    def delete_node_group(self, cluster_id: str, group_id: str) -> None:
        path = f"/clusters/{cluster_id}/nodegroups/{group_id}"
        self._magnum("DELETE", path, headers=_NODE_GROUPS, missing=True)

    @override
    def ca_certificate(self, cluster_id: str) -> str:
        with self._plainly(f"GET /certificates/{cluster_id}"):
            magnum = self._connection.container_infrastructure_management
            return str(magnum.get_cluster_certificate(cluster_id).pem)

    @override
    def sign(self, cluster_id: str, request: str) -> str:
        with self._plainly("POST /certificates"):
            magnum = self._connection.container_infrastructure_management
            return str(magnum.create_cluster_certificate(cluster_uuid=cluster_id, csr=request).pem)

    @override
    def servers(self, prefix: str) -> Sequence[Server]:
        with self._plainly("GET /servers/detail"):
            return [
                Server(each.id, each.name, each.status, each.metadata, (each.fault or {}).get("message", ""))
                for each in self._connection.compute.servers(name=f"^{re.escape(prefix)}")
            ]

    @override
    def set_metadata(self, server_id: str, values: Mapping[str, str]) -> None:
        with self._plainly(f"POST /servers/{server_id}/metadata"):
            self._connection.compute.set_server_metadata(server_id, **values)

    @override
    def delete_metadata(self, server_id: str, key: str) -> None:
        what = f"DELETE /servers/{server_id}/metadata/{key}"
        with suppress(OpenStackNotFoundError), self._plainly(what):
            self._connection.compute.delete_server_metadata(server_id, [key])

    @override
    def volumes(self) -> Sequence[BlockVolume]:
        if not self._has("block-storage"):
            return []
        with self._plainly("GET /volumes/detail"):
            return [
                BlockVolume(
                    id=each.id,
                    name=each.name or "",
                    status=each.status,
                    size=each.size,
                    metadata=each.metadata,
                    servers=[attachment["server_id"] for attachment in each.attachments],
                )
                for each in self._connection.block_storage.volumes()
            ]

    @override
    def shares(self) -> Sequence[Share]:
        if not self._has("shared-file-system"):
            return []
        return [
            Share(s["id"], s["name"] or "", s["status"], s["size"], s["metadata"]) for s in self._all_shares()
        ]

    def _all_shares(self) -> Iterator[Json]:
        """Every share, by pages with an offset: Manila has no markers."""
        query: Json = {"limit": _PAGE, "offset": 0}
        while page := self._call("shared_file_system", "GET", "/shares/detail", params=query)["shares"]:
            yield from page
            if len(page) < _PAGE:
                break
            query["offset"] += _PAGE

    def _has(self, service: str) -> bool:
        with self._plainly("the catalogue of services"):
            return bool(self._connection.has_service(service))

    def _magnum(self, method: str, path: str, **options: Any) -> Any:
        return self._call("container_infrastructure_management", method, path, **options)

    def _call(
        self,
        service: str,
        method: str,
        path: str,
        *,
        missing: bool = False,
        **options: Any,
    ) -> Any:
        """Send one request; None for an empty answer, and with ``missing`` if the thing does not exist."""
        settings = {
            "connect_retries": _RETRIES if method != "POST" else 0,
            "raise_exc": False,
        }
        with self._plainly(f"{method} {path}"):
            answer = getattr(self._connection, service).request(path, method, **(settings | options))
        if answer.status_code == _NOT_FOUND and missing:
            return None
        if not answer.ok:
            raise self._refused(f"{method} {path}", answer)
        with self._plainly(f"{method} {path}"):
            return answer.json() if answer.content else None

    def _refused(self, what: str, answer: Any) -> OpenStackError:
        """The error for an answer, with the service's message."""
        status = answer.status_code
        message = f"{what}: HTTP {status}: {reason_of(answer)}"
        if status in _REFUSALS:
            return OpenStackNotAllowedError(
                f"{message} (the log-in of {self._where()} is for {self._scope})", status
            )
        return (OpenStackNotFoundError if status == _NOT_FOUND else OpenStackError)(message, status)

    def _where(self) -> str:
        return f"cloud {self._cloud}" if self._cloud else "the cloud"

    def _refuse(self, problem: str | None) -> None:
        if problem:
            raise OpenStackNotAllowedError(
                f"no usable OpenStack credentials from {where_of(self._cloud)}: {problem}"
            )

    @contextmanager
    def _plainly(self, what: str) -> Iterator[None]:
        """Turn all exceptions of the libraries into errors of this program."""
        try:
            yield
        except OpenStackError:
            raise
        except HttpException as error:
            if error.response is None:
                raise OpenStackError(f"{what}: {words_of(error)}") from error
            raise self._refused(what, error.response) from error
        except (exceptions.Unauthorized, exceptions.NotFound) as error:
            # Keystone answers "not found" to an expired token.
            msg = (
                f"Keystone refuses the credentials of {self._where()} for {self._scope}: renew them, or the token if "
                "they are one; `openstack token issue` must work"
            )
            raise OpenStackNotAllowedError(msg, _UNAUTHORIZED) from error
        except (exceptions.ConnectFailure, exceptions.DiscoveryFailure) as error:
            raise OpenStackUnreachableError(
                f"{what}: {self._where()} cannot be reached ({words_of(error)})"
            ) from error
        except exceptions.HttpError as error:
            msg = f"{what}: {self._where()} answers {error.http_status} for {self._scope}: {words_of(error)}"
            refused = error.http_status in _REFUSALS
            raise (OpenStackNotAllowedError if refused else OpenStackError)(msg, error.http_status) from error
        except (exceptions.ClientException, SDKException, ImportError, OSError) as error:
            raise OpenStackError(
                f"{what}: no usable way to {where_of(self._cloud)}: {words_of(error)}"
            ) from error
        except Exception as error:
            # The text of an unexpected exception may contain a secret setting.
            kind = type(error).__name__
            raise OpenStackError(
                f"{what}: {where_of(self._cloud)} is not usable as it is written ({kind})"
            ) from error
