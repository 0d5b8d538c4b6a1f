"""Storage elements for tests, the fixture of the interface `storage`: XRootD, by root and davs."""

from pathlib import Path
from typing import ClassVar

from panda_infra.products.ctao.interfaces import InterfaceComponent
from panda_infra.products.ctao.programs import CHART, EVERYBODY, VERSION, Data, Mount, Part, tcp, values_of
from panda_infra.products.ctao.remotes import STORAGE_PORT
from panda_infra.products.ctao.trust import AUTHORITIES, authorities
from panda_infra.products.ctao.versions import XROOTD_IMAGE
from panda_infra.products.model import Claim, ComponentSpec, HostCertificate, SubComponentSpec, start
from panda_infra.products.network import Call
from panda_infra.products.settings import ComponentSettings
from panda_infra.products.tls import of_ingress
from panda_infra.products.verification import Check, Request
from panda_infra.products.workloads import SubComponent

__all__ = ["COMPONENT", "Xrootd"]

_START = Path(__file__).parents[1] / "scripts" / "xrootd.sh"
_CERTS = "xrootd-tls-certs"
_NAMES = ("first", "second", "third")
# A client must show a certificate of one of the authorities, or a macaroon that a server has given to such a client:
# everybody with a certificate has one name, and nobody else has rights. GSI hands the client's proxy on to the program
# that copies from the other server; HTTP copies with macaroons.
_CONFIGURATION = """\
all.export /ctao
all.sitename storage
oss.localroot /data
xrd.port 1094
xrd.maxfd 1024
xrootd.chksum adler32
xrootd.seclib libXrdSec.so
sec.protocol gsi -certdir:/work/authorities -cert:/work/tls/cert.pem -key:/work/tls/key.pem -crl:0 \
-gridmap:/etc/xrootd/users -gmapopt:2 -dlgpxy:1 -exppxy:=creds
ofs.tpc fcreds ?gsi =X509_USER_PROXY autorm pgm /usr/bin/xrdcp --server
ofs.authorize
ofs.authlib ++ libXrdMacaroons.so
acc.authdb /etc/xrootd/rights
macaroons.secretkey /work/macaroons
xrd.tls /work/tls/cert.pem /work/tls/key.pem
xrd.tlsca certdir /work/authorities
xrd.protocol http:1094 libXrdHttp.so
http.gridmap required /etc/xrootd/users
http.exthandler xrdtpc libXrdHttpTPC.so
http.exthandler xrdmacaroons libXrdMacaroons.so
http.desthttps yes
http.header2cgi Authorization authz
"""
_FILES = {
    "/etc/xrootd/storage.sh": _START.read_text(encoding="utf-8"),
    "/etc/xrootd/storage.cfg": _CONFIGURATION,
    "/etc/xrootd/users": '"^/" grid\n',
    "/etc/xrootd/rights": "u grid /ctao a\n",
}


class Xrootd(InterfaceComponent):
    """XRootD servers, for tests."""

    replaces: ClassVar[str] = "storage"

    first: SubComponent = SubComponent()
    """A storage element."""
    second: SubComponent = SubComponent()
    """Another one."""
    third: SubComponent = SubComponent(enabled=False)
    """A third one."""
    settings: ComponentSettings = ComponentSettings()
    """Their Secrets."""


def _part(name: str) -> Part:
    return Part(
        name=name,
        ports={"xrootd": STORAGE_PORT},
        command=("bash", "/etc/xrootd/storage.sh"),
        files=_FILES,
        secrets={"/secrets/host": Mount(_CERTS), "/secrets/authorities": Mount(AUTHORITIES, mode=EVERYBODY)},
        scratch=("/work",),
        data=Data("/data", "5Gi"),
        probe=tcp("xrootd"),
        resources={"requests": {"cpu": "100m", "memory": "256Mi"}, "limits": {"memory": "4Gi"}},
    )


def _sub_component(name: str) -> SubComponentSpec:
    return SubComponentSpec(
        name=name,
        workload="Deployment",
        chart_image=XROOTD_IMAGE,
        image=XROOTD_IMAGE,
        secrets=start(_CERTS, AUTHORITIES),
        claims=(Claim("data", "5Gi", adopt_key="existingClaim"),),
        ports=(STORAGE_PORT,),
        scalable=False,
        locks=True,
        # A transfer is a copy from one to the other.
        calls=tuple(Call("xrootd", other, STORAGE_PORT) for other in _NAMES if other != name),
    )


COMPONENT = ComponentSpec(
    name="xrootd",
    title="Storage elements",
    about="XRootD storage elements for tests.",
    position=245,
    version=VERSION,
    usual_seconds=20,
    chart=CHART,
    ships=True,
    config=Xrootd,
    sub_components=tuple(_sub_component(name) for name in _NAMES),
    builders={_CERTS: of_ingress("xrootd"), AUTHORITIES: authorities},
    certificate=HostCertificate(
        "The storage elements for tests; covers their Services.",
        always=lambda config: bool(config.components.get(Xrootd)),
        # GSI reads no key of another kind.
        of_rsa=True,
    ),
    values=values_of("xrootd", *map(_part, _NAMES)),
    checks=(
        Check(
            "xrootd.answers",
            "The first storage element answers, and refuses who shows no certificate",
            "DPPS-FIXTURES",
            Request("xrootd/first", STORAGE_PORT, "/ctao", status=(403,)),
        ),
    ),
)
