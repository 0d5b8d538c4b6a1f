"""Every version that the project pins, in one place.

The same numbers are in pyproject.toml, in the requirement locks (the three Pulumi packages) and in each part's go.mod,
because those tools cannot read Python; a test compares them.
"""

# The Python package and the plugin of the same name must have the same version: a newer package sends inputs
# that an older plugin may not know.
# renovate: datasource=github-releases depName=pulumi/pulumi
PULUMI = "3.253.0"
# renovate: datasource=github-releases depName=pulumi/pulumi-kubernetes
PULUMI_KUBERNETES = "4.25.0"
# renovate: datasource=github-releases depName=pulumi/pulumi-openstack
PULUMI_OPENSTACK = "5.5.1"

# renovate: datasource=github-releases depName=kubernetes/kubernetes
KUBERNETES = "1.34.4"
# renovate: datasource=github-releases depName=etcd-io/etcd
ETCD = "3.6.4"
# renovate: datasource=github-releases depName=kubernetes-sigs/kwok
KWOK = "0.7.0"
# renovate: datasource=github-releases depName=helm/helm
HELM = "3.21.4"
# renovate: datasource=github-releases depName=distribution/distribution
REGISTRY = "3.1.2"
# renovate: datasource=github-releases depName=coredns/coredns
COREDNS = "1.12.4"
# renovate: datasource=github-releases depName=rhysd/actionlint
ACTIONLINT = "1.7.12"
# renovate: datasource=github-releases depName=argoproj/argo-cd
ARGO_CD = "2.13.6"
# renovate: datasource=github-releases depName=versity/versitygw
VERSITYGW = "1.8.0"
# renovate: datasource=github-releases depName=cert-manager/cert-manager
CERT_MANAGER = "1.21.2"
# renovate: datasource=github-releases depName=sigstore/cosign
COSIGN = "2.6.5"
# renovate: datasource=github-releases depName=cloudnative-pg/cloudnative-pg
CLOUDNATIVE_PG = "1.30.0"
# The library of that operator's plugin for archives.
# renovate: datasource=github-releases depName=cloudnative-pg/barman-cloud
BARMAN_CLOUD = "0.5.1"
# renovate: datasource=github-releases depName=open-telemetry/opentelemetry-collector-releases
OTEL_COLLECTOR = "0.165.0"
# renovate: datasource=github-releases depName=VictoriaMetrics/VictoriaLogs
VICTORIA_LOGS = "1.52.1"
# renovate: datasource=github-releases depName=prometheus-operator/prometheus-operator
PROMETHEUS_OPERATOR = "0.84.0"
# The release of DiracX' chart that is compared with the program's own.
# renovate: datasource=github-tags depName=DIRACGrid/diracx-charts
DIRACX_CHARTS = "diracx-1.1.6"
# renovate: datasource=npm depName=@mermaid-js/mermaid-cli
MERMAID_CLI = "12.2.0"

# The Go module of the kubernetes plugin carries no semantic tag; this pseudo-version is the release above.
PULUMI_KUBERNETES_MODULE = "4.0.0-20260115033456-f47bc2d6f199"
# The Terraform provider of the openstack plugin above, and the bridge between them.
TERRAFORM_PROVIDER_OPENSTACK = "3.4.0"
PULUMI_TERRAFORM_BRIDGE = "3.135.0"

GO_MINIMUM = (1, 26)
PYTHON_MINIMUM = (3, 11)
