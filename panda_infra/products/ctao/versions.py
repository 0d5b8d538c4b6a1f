"""The versions of the programs of DPPS, and of Rucio's charts."""

__all__ = [
    "BUSYBOX_IMAGE",
    "CE_IMAGE",
    "DAEMONS_CHART",
    "DAEMONS_IMAGE",
    "DEX_IMAGE",
    "DIRACX_IMAGE",
    "DIRACX_TASKS_IMAGE",
    "DIRACX_WEB_IMAGE",
    "DIRAC_IMAGE",
    "FTS_IMAGE",
    "MARIADB_IMAGE",
    "OPENSEARCH_IMAGE",
    "REDIS_IMAGE",
    "REGISTRY_IMAGE",
    "SERVER_CHART",
    "SERVER_IMAGE",
    "VERSITYGW_IMAGE",
    "XROOTD_IMAGE",
]

# renovate: datasource=helm depName=rucio-server registryUrl=https://rucio.github.io/helm-charts
SERVER_CHART = "40.0.0"
# renovate: datasource=helm depName=rucio-daemons registryUrl=https://rucio.github.io/helm-charts
DAEMONS_CHART = "40.0.0"
# Those of the charts are years older. Both images, and the database's tables, have one version.
# renovate: datasource=docker depName=rucio/rucio-server
_RELEASE = "release-41.5.1"
SERVER_IMAGE = ("rucio/rucio-server", _RELEASE)
DAEMONS_IMAGE = ("rucio/rucio-daemons", _RELEASE)
MARIADB_IMAGE = ("mariadb", "11.4")
VERSITYGW_IMAGE = ("ghcr.io/versity/versitygw", "v1.8.0")
OPENSEARCH_IMAGE = ("opensearchproject/opensearch", "2.19.3")
REDIS_IMAGE = ("redis", "7.4.2-alpine")
DEX_IMAGE = ("ghcr.io/dexidp/dex", "v2.41.1")
REGISTRY_IMAGE = ("registry", "2.8.3")
BUSYBOX_IMAGE = ("busybox", "1.37.0")
DIRACX_WEB_IMAGE = ("ghcr.io/diracgrid/diracx-web/static", "v0.1.0-a11")
# renovate: datasource=docker depName=ghcr.io/diracgrid/diracx/services
_DIRACX = "v0.7.0"
DIRACX_IMAGE = ("ghcr.io/diracgrid/diracx/services", _DIRACX)
DIRACX_TASKS_IMAGE = ("ghcr.io/diracgrid/diracx/tasks", _DIRACX)
# renovate: datasource=docker depName=harbor.cta-observatory.org/dpps/wms-server
_WMS = "v0.10.0"
DIRAC_IMAGE = ("harbor.cta-observatory.org/dpps/wms-server", _WMS)
CE_IMAGE = ("harbor.cta-observatory.org/dpps/wms-ce", _WMS)
# renovate: datasource=docker depName=rucio/test-xrootd
_OF_TESTS = "41.5.1"
XROOTD_IMAGE = ("rucio/test-xrootd", _OF_TESTS)
FTS_IMAGE = ("rucio/test-fts", _OF_TESTS)
