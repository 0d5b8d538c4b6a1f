"""The parts of the toolchain: the sources and executables of each.

Every part is a Go module under `tools/modules/` that pins one upstream module. It builds upstream's own main package if
that is possible without changes, else a short main of ours.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tools import REPOSITORY, versions

MODULES = REPOSITORY / "tools" / "modules"


@dataclass(frozen=True)
class Executable:
    """A program of a part.

    Attributes:
        name: Its file name.
        version: The pinned version, `1.2.3`.
        ask: Arguments with which it prints its version.
    """

    name: str
    version: str
    ask: tuple[str, ...] = ("--version",)


@dataclass(frozen=True)
class ModuleFiles:
    """Files in a Go module of the build list, as `folder/name` relative to that module."""

    module: str
    files: tuple[str, ...]


@dataclass(frozen=True)
class Part:
    """One build.

    Attributes:
        name: The name of the part and of its folder under tools/modules.
        version: The pinned version of the executables.
        executables: The results. Several are links to one binary, which acts by the name of its call.
        requires: The Go modules that determine the version, with their versions, as in go.mod.
        package: The main package; `.` is the part's own.
        variables: String variables that the linker sets.
        embedded: Files that the part's own main embeds, without a copy in the repository.
        beside: Files that the executables need beside them.
        plugin: The name of the Pulumi resource plugin, if the part is one.
        on_demand: True if it is built only when it is requested by name.
    """

    name: str
    version: str
    executables: tuple[Executable, ...]
    requires: Mapping[str, str]
    package: str = "."
    variables: Mapping[str, str] = field(default_factory=dict)
    embedded: ModuleFiles | None = None
    beside: ModuleFiles | None = None
    plugin: str | None = None
    on_demand: bool = False

    @property
    def folder(self) -> Path:
        """The part's Go module."""
        return MODULES / self.name


_KUBERNETES_MAJOR, _KUBERNETES_MINOR, _ = versions.KUBERNETES.split(".")
# Without these the API server's version is v0.0.0, which charts with a minimum version refuse.
_KUBERNETES_VERSION = {
    "k8s.io/component-base/version.gitVersion": f"v{versions.KUBERNETES}",
    "k8s.io/component-base/version.gitMajor": _KUBERNETES_MAJOR,
    "k8s.io/component-base/version.gitMinor": _KUBERNETES_MINOR,
}
_PULUMI_SDK = "github.com/pulumi/pulumi/sdk/v3"
_KUBERNETES_PLUGIN = "github.com/pulumi/pulumi-kubernetes/provider/v4"

CONTROL_PLANE = Part(
    name="control-plane",
    version=versions.KUBERNETES,
    executables=(
        Executable("kube-apiserver", versions.KUBERNETES),
        Executable("kube-controller-manager", versions.KUBERNETES),
        Executable("kube-scheduler", versions.KUBERNETES),
        Executable("etcd", versions.ETCD),
    ),
    requires={
        "k8s.io/kubernetes": f"v{versions.KUBERNETES}",
        "go.etcd.io/etcd/server/v3": f"v{versions.ETCD}",
    },
    variables=_KUBERNETES_VERSION,
)
KWOK = Part(
    name="kwok",
    version=versions.KWOK,
    executables=(Executable("kwok", versions.KWOK),),
    requires={"sigs.k8s.io/kwok": f"v{versions.KWOK}"},
    package="sigs.k8s.io/kwok/cmd/kwok",
    variables={"sigs.k8s.io/kwok/pkg/consts.Version": f"v{versions.KWOK}"},
)
REGISTRY = Part(
    name="registry",
    version=versions.REGISTRY,
    executables=(Executable("registry", versions.REGISTRY),),
    requires={"github.com/distribution/distribution/v3": f"v{versions.REGISTRY}"},
    package="github.com/distribution/distribution/v3/cmd/registry",
    variables={"github.com/distribution/distribution/v3/version.version": f"v{versions.REGISTRY}"},
)
HELM = Part(
    name="helm",
    version=versions.HELM,
    executables=(Executable("helm", versions.HELM, ask=("version", "--short")),),
    requires={"helm.sh/helm/v3": f"v{versions.HELM}"},
    package="helm.sh/helm/v3/cmd/helm",
    variables={"helm.sh/helm/v3/internal/version.version": f"v{versions.HELM}"},
)
LANGUAGE_PYTHON = Part(
    name="language-python",
    version=versions.PULUMI,
    executables=(Executable("pulumi-language-python", versions.PULUMI),),
    requires={_PULUMI_SDK: f"v{versions.PULUMI}"},
    variables={"main.version": versions.PULUMI},
    beside=ModuleFiles(
        _PULUMI_SDK, ("python/cmd/pulumi-language-python-exec", "python/dist/pulumi-resource-pulumi-python")
    ),
)
PULUMI = Part(
    name="pulumi",
    version=versions.PULUMI,
    executables=(Executable("pulumi", versions.PULUMI, ask=("version",)),),
    requires={"github.com/pulumi/pulumi/pkg/v3": f"v{versions.PULUMI}"},
    package="github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    variables={f"{_PULUMI_SDK}/go/common/version.Version": f"v{versions.PULUMI}"},
)
PLUGIN_KUBERNETES = Part(
    name="plugin-kubernetes",
    version=versions.PULUMI_KUBERNETES,
    executables=(Executable("pulumi-resource-kubernetes", versions.PULUMI_KUBERNETES),),
    requires={_KUBERNETES_PLUGIN: f"v{versions.PULUMI_KUBERNETES_MODULE}"},
    variables={f"{_KUBERNETES_PLUGIN}/pkg/version.Version": versions.PULUMI_KUBERNETES},
    embedded=ModuleFiles(
        _KUBERNETES_PLUGIN,
        (
            "cmd/pulumi-resource-kubernetes/schema.json",
            "cmd/pulumi-resource-kubernetes/terraform-mapping.json",
        ),
    ),
    plugin="kubernetes",
)
PLUGIN_OPENSTACK = Part(
    name="plugin-openstack",
    version=versions.PULUMI_OPENSTACK,
    executables=(Executable("pulumi-resource-openstack", versions.PULUMI_OPENSTACK),),
    requires={
        "github.com/pulumi/pulumi-terraform-bridge/v3": f"v{versions.PULUMI_TERRAFORM_BRIDGE}",
        "github.com/terraform-provider-openstack/terraform-provider-openstack/v3": (
            f"v{versions.TERRAFORM_PROVIDER_OPENSTACK}"
        ),
    },
    variables={"main.version": versions.PULUMI_OPENSTACK},
    plugin="openstack",
)
NODE = Part(
    name="node",
    version=versions.KUBERNETES,
    executables=(Executable("kubelet", versions.KUBERNETES), Executable("kube-proxy", versions.KUBERNETES)),
    requires={"k8s.io/kubernetes": f"v{versions.KUBERNETES}"},
    variables=_KUBERNETES_VERSION,
    on_demand=True,
)
COREDNS = Part(
    name="coredns",
    version=versions.COREDNS,
    executables=(Executable("coredns", versions.COREDNS, ask=("-version",)),),
    requires={"github.com/coredns/coredns": f"v{versions.COREDNS}"},
    on_demand=True,
)
ACTIONLINT = Part(
    name="actionlint",
    version=versions.ACTIONLINT,
    executables=(Executable("actionlint", versions.ACTIONLINT),),
    requires={"github.com/rhysd/actionlint": f"v{versions.ACTIONLINT}"},
    package="github.com/rhysd/actionlint/cmd/actionlint",
    variables={"github.com/rhysd/actionlint.version": versions.ACTIONLINT},
)
_ARGO_CD = "github.com/argoproj/argo-cd/v2"
# Argo CD with the cache and the git server that it needs beside it; its custom resource definitions lie beside them.
ARGO_CD = Part(
    name="argocd",
    version=versions.ARGO_CD,
    executables=(
        Executable("argocd-server", versions.ARGO_CD, ask=("version", "--short")),
        Executable("argocd-application-controller", versions.ARGO_CD, ask=("version", "--short")),
        Executable("argocd-repo-server", versions.ARGO_CD, ask=("version", "--short")),
        Executable("argocd", versions.ARGO_CD, ask=("version", "--client", "--short")),
        Executable("argocd-redis", versions.ARGO_CD),
        Executable("argocd-git", versions.ARGO_CD),
    ),
    requires={_ARGO_CD: f"v{versions.ARGO_CD}"},
    variables={f"{_ARGO_CD}/common.version": versions.ARGO_CD},
    beside=ModuleFiles(
        _ARGO_CD,
        (
            "manifests/crds/application-crd.yaml",
            "manifests/crds/appproject-crd.yaml",
            "manifests/crds/applicationset-crd.yaml",
        ),
    ),
)
VERSITYGW = Part(
    name="versitygw",
    version=versions.VERSITYGW,
    executables=(Executable("versitygw", versions.VERSITYGW),),
    requires={"github.com/versity/versitygw": f"v{versions.VERSITYGW}"},
    package="github.com/versity/versitygw/cmd/versitygw",
    variables={"main.Version": versions.VERSITYGW},
)

_CERT_MANAGER = "github.com/cert-manager/cert-manager"
# The controllers that issue certificates; the custom resource definitions lie beside them.
CERT_MANAGER = Part(
    name="cert-manager",
    version=versions.CERT_MANAGER,
    executables=(Executable("cert-manager", versions.CERT_MANAGER),),
    requires={_CERT_MANAGER: f"v{versions.CERT_MANAGER}"},
    variables={"main.version": versions.CERT_MANAGER},
    beside=ModuleFiles(
        _CERT_MANAGER,
        tuple(
            f"deploy/crds/{name}.yaml"
            for name in (
                "acme.cert-manager.io_challenges",
                "acme.cert-manager.io_orders",
                "cert-manager.io_certificaterequests",
                "cert-manager.io_certificates",
                "cert-manager.io_clusterissuers",
                "cert-manager.io_issuers",
            )
        ),
    ),
    on_demand=True,
)
_CNPG_KINDS = (
    "backups",
    "clusterimagecatalogs",
    "clusters",
    "databaseroles",
    "databases",
    "failoverquorums",
    "imagecatalogs",
    "poolers",
    "publications",
    "scheduledbackups",
    "subscriptions",
)
_CLOUDNATIVE_PG = "github.com/cloudnative-pg/cloudnative-pg"
# The operator of PostgreSQL; its custom resource definitions and webhooks lie beside it.
CLOUDNATIVE_PG = Part(
    name="cloudnative-pg",
    version=versions.CLOUDNATIVE_PG,
    executables=(Executable("manager", versions.CLOUDNATIVE_PG, ask=("version",)),),
    requires={_CLOUDNATIVE_PG: f"v{versions.CLOUDNATIVE_PG}"},
    package=f"{_CLOUDNATIVE_PG}/cmd/manager",
    beside=ModuleFiles(
        _CLOUDNATIVE_PG,
        (
            *(f"config/crd/bases/postgresql.cnpg.io_{kind}.yaml" for kind in _CNPG_KINDS),
            "config/webhook/manifests.yaml",
        ),
    ),
    on_demand=True,
)
# The library of the operator's plugin Barman Cloud, which works on an archive.
BARMAN_CLOUD = Part(
    name="barman-cloud",
    version=versions.BARMAN_CLOUD,
    executables=(Executable("barman-cloud", versions.BARMAN_CLOUD),),
    requires={"github.com/cloudnative-pg/barman-cloud": f"v{versions.BARMAN_CLOUD}"},
    variables={"main.version": versions.BARMAN_CLOUD},
    on_demand=True,
)
_CONTRIB = "github.com/open-telemetry/opentelemetry-collector-contrib"
# The collector with the parts that a stack's configuration names, of the modules of upstream's distribution.
OTEL_COLLECTOR = Part(
    name="otel-collector",
    version=versions.OTEL_COLLECTOR,
    executables=(Executable("otelcol", versions.OTEL_COLLECTOR),),
    requires={
        "go.opentelemetry.io/collector/otelcol": f"v{versions.OTEL_COLLECTOR}",
        "go.opentelemetry.io/collector/exporter/otlphttpexporter": f"v{versions.OTEL_COLLECTOR}",
        f"{_CONTRIB}/receiver/filelogreceiver": f"v{versions.OTEL_COLLECTOR}",
        f"{_CONTRIB}/extension/storage/filestorage": f"v{versions.OTEL_COLLECTOR}",
        f"{_CONTRIB}/extension/bearertokenauthextension": f"v{versions.OTEL_COLLECTOR}",
    },
    variables={"main.version": versions.OTEL_COLLECTOR},
    on_demand=True,
)
_VICTORIA_LOGS = "github.com/VictoriaMetrics/VictoriaLogs"
# A store that takes the logs of a stack.
VICTORIA_LOGS = Part(
    name="victoria-logs",
    version=versions.VICTORIA_LOGS,
    executables=(Executable("victoria-logs", versions.VICTORIA_LOGS),),
    requires={_VICTORIA_LOGS: f"v{versions.VICTORIA_LOGS}"},
    package=f"{_VICTORIA_LOGS}/app/victoria-logs",
    variables={"github.com/VictoriaMetrics/VictoriaMetrics/lib/buildinfo.Version": versions.VICTORIA_LOGS},
    on_demand=True,
)
COSIGN = Part(
    name="cosign",
    version=versions.COSIGN,
    executables=(Executable("cosign", versions.COSIGN, ask=("version",)),),
    requires={"github.com/sigstore/cosign/v2": f"v{versions.COSIGN}"},
    package="github.com/sigstore/cosign/v2/cmd/cosign",
    variables={"sigs.k8s.io/release-utils/version.gitVersion": f"v{versions.COSIGN}"},
    on_demand=True,
)

_PROMETHEUS_OPERATOR = "github.com/prometheus-operator/prometheus-operator"
# The admission of Prometheus' operator; its custom resource definitions lie beside it.
PROMETHEUS_OPERATOR = Part(
    name="prometheus-operator",
    version=versions.PROMETHEUS_OPERATOR,
    executables=(Executable("admission-webhook", versions.PROMETHEUS_OPERATOR),),
    requires={_PROMETHEUS_OPERATOR: f"v{versions.PROMETHEUS_OPERATOR}"},
    package=f"{_PROMETHEUS_OPERATOR}/cmd/admission-webhook",
    variables={"github.com/prometheus/common/version.Version": versions.PROMETHEUS_OPERATOR},
    beside=ModuleFiles(
        _PROMETHEUS_OPERATOR,
        tuple(
            f"example/prometheus-operator-crd/monitoring.coreos.com_{kind}.yaml"
            for kind in ("alertmanagerconfigs", "probes", "prometheusrules", "servicemonitors")
        ),
    ),
    on_demand=True,
)

# The parts for a Kubernetes API with charts, and for a Pulumi program.
CLUSTER = (CONTROL_PLANE, KWOK, REGISTRY, HELM)
ENGINE = (LANGUAGE_PYTHON, PULUMI, PLUGIN_KUBERNETES, PLUGIN_OPENSTACK)
# The parts of a real node, on which pods run.
REAL_NODE = (NODE, COREDNS)
# The parts that only tests need: a linter of workflows, and an S3 server for the state.
CHECKS = (ACTIONLINT, VERSITYGW)
# Parts that roll out releases in place of the engine, for the tests of that.
DELIVERY = (ARGO_CD,)
# Parts that few stacks use: they are built for their long tests only.
OPTIONAL = (
    CERT_MANAGER,
    CLOUDNATIVE_PG,
    BARMAN_CLOUD,
    COSIGN,
    OTEL_COLLECTOR,
    VICTORIA_LOGS,
    PROMETHEUS_OPERATOR,
)
PARTS: Mapping[str, Part] = {
    part.name: part for part in (*CLUSTER, *ENGINE, *REAL_NODE, *CHECKS, *DELIVERY, *OPTIONAL)
}
