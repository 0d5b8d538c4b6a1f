"""The flavors, images and names that this cloud offers, as in CERN's cloud."""

from __future__ import annotations

from dataclasses import dataclass

IMAGE = "fedora-coreos-41"
NETWORK, SUBNET = "CERN_NETWORK", "CERN_SUBNET"
ADDRESSES = "10.32.0.0/16"
TEMPLATE = "kubernetes-1.29.2-2"
MULTI_MASTER_TEMPLATE = f"{TEMPLATE}-multi"
PROJECT = USER = "panda"
KEYPAIR = "lxplus"


@dataclass(frozen=True)
class Flavor:
    """The size of a server: ``memory`` in MiB, ``disk`` in GiB."""

    name: str
    cpus: int
    memory: int
    disk: int


FLAVORS = (
    Flavor("m2.small", 1, 1875, 10),
    Flavor("m2.medium", 2, 3750, 20),
    Flavor("m2.large", 4, 7500, 40),
    Flavor("m2.xlarge", 8, 15000, 80),
    Flavor("m2.2xlarge", 16, 30000, 160),
    Flavor("m2.3xlarge", 32, 60000, 320),
)

# Larger than the only hypervisor: its servers go to ERROR, because no host is large enough.
UNPLACEABLE = Flavor("m2.unplaceable", 32, 1_000_000, 320)
