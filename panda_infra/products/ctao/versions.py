"""The versions of Rucio and its charts."""

__all__ = ["DAEMONS_CHART", "DAEMONS_IMAGE", "SERVER_CHART", "SERVER_IMAGE"]

# renovate: datasource=helm depName=rucio-server registryUrl=https://rucio.github.io/helm-charts
SERVER_CHART = "40.0.0"
# renovate: datasource=helm depName=rucio-daemons registryUrl=https://rucio.github.io/helm-charts
DAEMONS_CHART = "40.0.0"
# Those of the charts are years older. Both images, and the database's tables, have one version.
# renovate: datasource=docker depName=rucio/rucio-server
_RELEASE = "release-41.5.1"
SERVER_IMAGE = ("rucio/rucio-server", _RELEASE)
DAEMONS_IMAGE = ("rucio/rucio-daemons", _RELEASE)
