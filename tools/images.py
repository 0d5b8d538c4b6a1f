"""The packages of images for PanDA's charts, as far as registries have them: the only place for these versions.

Debian's packages replace the distribution of the original image. The locks in `tools/locks` contain every package
with version and hash; `tools.roots.ensure` makes a root file system of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

RELEASE = "bookworm"
PYTHON = "3.11"

# A shell with the common commands, accounts and authorities, because scripts in charts need them.
_SHELL = (
    *(
        "base-files",
        "base-passwd",
        "bash",
        "coreutils",
        "dash",
        "debianutils",
        "diffutils",
        "findutils",
        "grep",
    ),
    *("gzip", "hostname", "procps", "sed", "tar", "util-linux"),
)
_PYTHON = ("ca-certificates", "openssl", "python3", "python3-venv")
_HTTPD = ("apache2", "gridsite", "libapache2-mod-wsgi-py3")

_CONTAINERS = ("containerd", "containernetworking-plugins", "iptables", "nftables", "runc")

# Pinned build systems of packages without a wheel, which are built in the image.
_BUILD = ("hatch-vcs", "hatchling", "setuptools<81", "wheel")


@dataclass(frozen=True)
class Image:
    """One root file system.

    Attributes:
        name: Name of the folder in the cache and of the locks.
        stands_for: Repository of the charts' image that it replaces.
        debian: Debian packages, without their dependencies.
        python: Requirements of the virtualenv, without their dependencies; empty without one.
        venv: Path of the virtualenv in the image.
        built: Python packages without a wheel, which are built in the image.
        provided: Python packages that another package provides.
        users: Users that the original image adds, with their groups.
        links: Links that maintainer scripts would make, with their targets.
    """

    name: str
    stands_for: str
    debian: tuple[str, ...]
    python: tuple[str, ...] = ()
    venv: str = ""
    built: tuple[str, ...] = ()
    provided: tuple[str, ...] = ()
    users: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)


ACTIVEMQ = Image(
    name="activemq",
    stands_for="ghcr.io/pandawms/panda-activemq",
    debian=(*_SHELL, "activemq", "python3"),
    users={"activemq": "activemq"},
    links={"/usr/bin/java": "/usr/lib/jvm/java-17-openjdk-amd64/bin/java"},
)
POSTGRES = Image(
    name="postgres",
    stands_for="postgres",
    debian=(*_SHELL, "postgresql-15", "postgresql-15-cron", "postgresql-15-partman"),
    users={"postgres": "postgres"},
)
# PostgreSQL beside the programs by which CloudNativePG's plugin archives it: those of its release 0.14.
POSTGRES_ARCHIVED = Image(
    name="postgres-archived",
    stands_for="",
    debian=(*_SHELL, *_PYTHON, "postgresql-15"),
    python=("barman[cloud]==3.19.1", "boto3>=1.40", "psycopg2-binary"),
    venv="/opt/barman",
    # The wheel has the same module, without a compiler.
    provided=("psycopg2",),
    users={"postgres": "postgres"},
)
MARIADB = Image(
    name="mariadb",
    stands_for="mariadb",
    debian=(*_SHELL, "mariadb-server"),
    users={"mysql": "mysql"},
    links={"/usr/bin/awk": "mawk"},
)
PANDA = Image(
    name="panda-server",
    stands_for="ghcr.io/pandawms/panda-server",
    debian=(*_SHELL, *_PYTHON, *_HTTPD, "postgresql-client-15"),
    python=("panda-server[postgres]==1.0.0", *_BUILD),
    venv="/opt/panda",
    built=("connection-pool", "panda-common", "panda-server", "rucio-clients-atlas"),
    provided=("mod-wsgi",),
    users={"atlpan": "zp"},
)
IDDS = Image(
    name="idds",
    stands_for="ghcr.io/hsf/idds",
    debian=(*_SHELL, *_PYTHON, *_HTTPD, "postgresql-client-15"),
    python=(
        *(
            f"idds-{part}==2.6.21"
            for part in ("atlas", "client", "common", "doma", "prompt", "server", "workflow")
        ),
        "panda-client-light",
        *_BUILD,
    ),
    venv="/opt/idds",
    users={"atlpan": "zp"},
)
# With CTAO's policy package, which its own images of Rucio have too.
_RUCIO_TOOLS = ("ctao-bdms-rucio-policy==0.6.0", "gunicorn", "setuptools<81", "wheel")
RUCIO = Image(
    name="rucio",
    stands_for="rucio/rucio-server",
    debian=(*_SHELL, *_PYTHON),
    python=("rucio[postgresql]==41.5.1", *_RUCIO_TOOLS),
    venv="/opt/rucio",
    built=("docopt",),
)
# An earlier release, whose tables the later one migrates.
RUCIO_EARLIER = Image(
    name="rucio-earlier",
    stands_for="rucio/rucio-server",
    debian=(*_SHELL, *_PYTHON),
    python=("rucio[postgresql]==38.5.1", *_RUCIO_TOOLS),
    venv="/opt/rucio",
    built=("docopt",),
)
# Programs that read the metrics of a stack, judge its alerts and pass them on, and two of its exporters.
PROMETHEUS = Image(
    name="prometheus",
    stands_for="",
    debian=(
        *_SHELL,
        "prometheus",
        "prometheus-alertmanager",
        "prometheus-blackbox-exporter",
        "prometheus-postgres-exporter",
    ),
)
DIRACX = Image(
    name="diracx",
    stands_for="ghcr.io/diracgrid/diracx/services",
    debian=(*_SHELL, *_PYTHON, "git", "redis-server"),
    python=("diracx-routers==0.7.0", "diracx-tasks==0.7.0", "setuptools<81", "wheel"),
    venv="/opt/diracx",
)
# The original is of conda. M2Crypto has no wheel; mysqlclient-static is mysqlclient with one. DiracX' databases bring
# PyMySQL, as in the original. gfal2 needs more than Python, and only transfers import it.
DIRAC = Image(
    name="dirac",
    stands_for="harbor.cta-observatory.org/dpps/wms-server",
    debian=(*_SHELL, *_PYTHON, "gcc", "git", "libc6-dev", "libssl-dev", "python3-dev", "swig"),
    python=("dirac[server]==9.1.22", "diracx-db==0.7.0", "mysqlclient-static", "setuptools<81", "wheel"),
    venv="/opt/dirac",
    built=("m2crypto", "tornado"),
    provided=("mysqlclient", "gfal2-python"),
    users={"dirac": "dirac"},
)
# A storage element, and the clients that copy to it.
XROOTD = Image(
    name="xrootd",
    stands_for="rucio/test-xrootd",
    debian=(
        *_SHELL,
        *("ca-certificates", "curl", "mawk", "openssl"),
        *(
            "xrootd-client",
            "xrootd-client-plugins",
            "xrootd-plugins",
            "xrootd-server",
            "xrootd-server-plugins",
        ),
    ),
    users={"xrootd": "xrootd"},
    links={"/usr/bin/awk": "mawk"},
)
# The machine that containers run on.
NODE = Image(
    name="node",
    stands_for="",
    debian=(*_SHELL, *_CONTAINERS, "hostname", "iproute2", "kmod", "mount"),
    links={"/usr/bin/sh": "bash"},
)

IMAGES: Mapping[str, Image] = {
    image.name: image
    for image in (
        ACTIVEMQ,
        POSTGRES,
        POSTGRES_ARCHIVED,
        MARIADB,
        PANDA,
        IDDS,
        RUCIO,
        RUCIO_EARLIER,
        PROMETHEUS,
        DIRACX,
        DIRAC,
        XROOTD,
        NODE,
    )
}
