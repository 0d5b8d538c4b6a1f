"""Software for jobs in tests, the fixture of the interface `cvmfs`: a volume in its place, with a web server."""

from typing import ClassVar

from panda_infra.products.ctao.interfaces import InterfaceComponent
from panda_infra.products.ctao.programs import CHART, VERSION, Data, Part, tcp, values_of
from panda_infra.products.ctao.versions import BUSYBOX_IMAGE
from panda_infra.products.model import Claim, ComponentSpec, SubComponentSpec
from panda_infra.products.settings import ComponentSettings
from panda_infra.products.verification import Check, Request
from panda_infra.products.workloads import SubComponent

__all__ = ["COMPONENT", "CvmfsVolume"]

_PORT = 8080
_FOLDER = "/cvmfs"
_NOBODY = 65534


class CvmfsVolume(InterfaceComponent):
    """A volume with software, for tests."""

    replaces: ClassVar[str] = "cvmfs"

    server: SubComponent = SubComponent()
    """The web server that shows its files."""
    settings: ComponentSettings = ComponentSettings()
    """Its Secrets."""


_SERVER = Part(
    name="server",
    ports={"http": _PORT},
    command=("httpd", "-f", "-p", str(_PORT), "-h", _FOLDER),
    data=Data(_FOLDER, "5Gi", shared=True),
    probe=tcp("http"),
    user=_NOBODY,
)


COMPONENT = ComponentSpec(
    name="cvmfs-volume",
    title="Software of jobs",
    about="Volume with software for tests, in place of CVMFS.",
    position=275,
    version=VERSION,
    usual_seconds=15,
    chart=CHART,
    ships=True,
    config=CvmfsVolume,
    sub_components=(
        SubComponentSpec(
            name="server",
            workload="Deployment",
            chart_image=BUSYBOX_IMAGE,
            image=BUSYBOX_IMAGE,
            claims=(Claim("data", "5Gi", adopt_key="existingClaim"),),
            ports=(_PORT,),
            switchable=False,
            scalable=False,
            locks=True,
        ),
    ),
    values=values_of("cvmfs-volume", _SERVER),
    checks=(
        Check(
            "cvmfs-volume.answers",
            "The software's web server answers",
            "DPPS-FIXTURES",
            Request("cvmfs-volume/server", _PORT, "/", status=(200, 404), secure=False),
        ),
    ),
)
