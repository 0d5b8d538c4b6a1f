import ipaddress
from itertools import combinations

from testbed.control_plane import POD_NETWORK, SERVICE_NETWORK
from testbed.real import network


def test_no_two_networks_overlap() -> None:
    pods = [ipaddress.IPv4Network(network.pods_of(index)) for index in range(network.MOST)]
    nodes = ipaddress.IPv4Network(f"{network.GATEWAY}/24", strict=False)
    others = [nodes, *map(ipaddress.IPv4Network, (POD_NETWORK, SERVICE_NETWORK))]
    assert not [pair for pair in combinations([*pods, *others], 2) if pair[0].overlaps(pair[1])]
    assert all(each.subnet_of(ipaddress.IPv4Network(network.PODS)) for each in pods)
    assert all(ipaddress.IPv4Address(network.address(index)) in nodes for index in range(network.MOST))


def test_a_node_has_a_route_to_every_other_nodes_pods() -> None:
    assert len(network.routes()) == network.MOST
    others = network.routes(besides=1)
    assert len(others) == network.MOST - 1
    assert not [route for route in others if network.pods_of(1) in route]
