"""The evaluator of network policies, by which they are judged: what holds for any policies, and single cases."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.network_policies import Cluster, End

_NAMESPACES = ("panda", "other")
_ADDRESSES = ("10.42.0.1", "10.42.0.2", "188.184.1.1", "2001:db8::1")
_BLOCKS = ("0.0.0.0/0", "10.42.0.0/16", "10.42.0.1/32", "::/0")
_PORTS = (53, 443, 8443)
_LABELS = st.dictionaries(st.sampled_from(("app", "tier")), st.sampled_from(("a", "b")), max_size=2)
_ENDS = st.builds(End, st.sampled_from((*_NAMESPACES, "")), st.sampled_from(_ADDRESSES), _LABELS)
_SELECTORS = st.one_of(
    _LABELS.map(lambda labels: {"matchLabels": labels} if labels else {}),
    st.builds(
        lambda key, operator: {"matchExpressions": [{"key": key, "operator": operator, "values": ["a"]}]},
        st.sampled_from(("app", "tier")),
        st.sampled_from(("In", "NotIn")),
    ),
)
_PEERS = st.one_of(
    _SELECTORS.map(lambda selector: {"podSelector": selector}),
    st.builds(
        lambda name, selector: {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}},
            "podSelector": selector,
        },
        st.sampled_from(_NAMESPACES),
        _SELECTORS,
    ),
    st.builds(
        lambda block, hole: {"ipBlock": {"cidr": block, "except": [hole]}},
        st.sampled_from(_BLOCKS),
        st.sampled_from(_BLOCKS),
    ),
)
_PORT_LISTS = st.lists(
    st.sampled_from(_PORTS).map(lambda port: {"protocol": "TCP", "port": port}), max_size=2
)


def _rules(word: str) -> st.SearchStrategy[list[dict[str, Any]]]:
    return st.lists(
        st.builds(
            lambda peers, ports: {word: peers, "ports": ports}, st.lists(_PEERS, max_size=2), _PORT_LISTS
        ),
        max_size=2,
    )


_POLICIES = st.builds(
    lambda namespace, selector, types, ingress, egress: {
        "metadata": {"namespace": namespace},
        "spec": {"podSelector": selector, "policyTypes": types, "ingress": ingress, "egress": egress},
    },
    st.sampled_from(_NAMESPACES),
    _SELECTORS,
    st.lists(st.sampled_from(("Ingress", "Egress")), min_size=1, max_size=2, unique=True),
    _rules("from"),
    _rules("to"),
)
_MANY = st.lists(_POLICIES, max_size=4)
_ANY_PORT = st.sampled_from((*_PORTS, 1))
_DENY = {
    "metadata": {"namespace": "panda"},
    "spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
}


@given(_ENDS, _ENDS, _ANY_PORT)
def test_without_a_policy_everything_is_allowed(source: End, target: End, port: int) -> None:
    assert Cluster([]).allows(source, target, port)


@given(_MANY, _ENDS, _ENDS, _ANY_PORT)
def test_the_order_of_policies_changes_nothing(
    policies: list[Any], source: End, target: End, port: int
) -> None:
    one, other = Cluster(policies), Cluster(policies[::-1])
    assert one.allows(source, target, port) == other.allows(source, target, port)


@given(_MANY, _POLICIES, _ENDS, _ENDS, _ANY_PORT)
def test_another_policy_takes_nothing_from_pods_that_are_isolated_already(
    policies: list[Any], more: Any, source: End, target: End, port: int
) -> None:
    """Policies only add up: what one allows no other one refuses."""
    isolated = [*policies, *({**_DENY, "metadata": {"namespace": name}} for name in _NAMESPACES)]
    if Cluster(isolated).allows(source, target, port):
        assert Cluster([*isolated, more]).allows(source, target, port)


@given(_MANY, _ENDS, _ENDS, _ANY_PORT)
def test_a_connection_needs_both_of_its_ends(
    policies: list[Any], source: End, target: End, port: int
) -> None:
    def about(kind: str) -> list[Any]:
        kept = [each for each in policies if kind in each["spec"]["policyTypes"]]
        return [{**each, "spec": {**each["spec"], "policyTypes": [kind]}} for each in kept]

    halves = [Cluster(about(kind)).allows(source, target, port) for kind in ("Ingress", "Egress")]
    assert Cluster(policies).allows(source, target, port) == all(halves)


@given(_MANY, _ENDS, _ANY_PORT)
def test_policies_of_one_namespace_say_nothing_about_another(
    policies: list[Any], target: End, port: int
) -> None:
    kept = [each for each in policies if each["metadata"]["namespace"] == "panda"]
    source = End("other", "10.42.0.9")
    if target.namespace != "panda":
        assert Cluster(kept).allows(source, target, port)


def _allowing(**spec: Any) -> Cluster:
    return Cluster([{"metadata": {"namespace": "panda"}, "spec": {"podSelector": {}, **spec}}])


_POD = End("panda", "10.42.0.1", {"app": "a"})
_STRANGER = End("other", "10.42.0.2", {"app": "a"})
_OUTSIDE = End("", "188.184.1.1")


@pytest.mark.parametrize(
    ("cluster", "source", "target", "port", "allowed"),
    [
        # Without `policyTypes`, a policy with no rule refuses what comes in, and nothing that goes out.
        (_allowing(), _STRANGER, _POD, 443, False),
        (_allowing(), _POD, _STRANGER, 443, True),
        (_allowing(egress=[{}]), _POD, _OUTSIDE, 443, True),
        (_allowing(policyTypes=["Egress"]), _POD, _OUTSIDE, 443, False),
        (_allowing(policyTypes=["Egress"]), _OUTSIDE, _POD, 443, True),
        # A selector of pods alone means those of the policy's own namespace.
        (_allowing(ingress=[{"from": [{"podSelector": {}}]}]), _POD, _POD, 443, True),
        (_allowing(ingress=[{"from": [{"podSelector": {}}]}]), _STRANGER, _POD, 443, False),
        (_allowing(ingress=[{"from": [{"namespaceSelector": {}}]}]), _STRANGER, _POD, 443, True),
        (_allowing(ingress=[{"from": [{"namespaceSelector": {}}]}]), _OUTSIDE, _POD, 443, False),
        # Ports: no list means all, an entry without a port all of its protocol.
        (_allowing(ingress=[{"ports": [{"port": 443}]}]), _OUTSIDE, _POD, 443, True),
        (_allowing(ingress=[{"ports": [{"port": 443}]}]), _OUTSIDE, _POD, 80, False),
        (_allowing(ingress=[{"ports": [{"protocol": "UDP", "port": 443}]}]), _OUTSIDE, _POD, 443, False),
        (_allowing(ingress=[{"ports": [{"protocol": "TCP"}]}]), _OUTSIDE, _POD, 80, True),
        (_allowing(ingress=[{"ports": [{"port": 80, "endPort": 90}]}]), _OUTSIDE, _POD, 85, True),
        # Blocks with holes.
        (_allowing(ingress=[{"from": [{"ipBlock": {"cidr": "188.184.0.0/15"}}]}]), _OUTSIDE, _POD, 1, True),
        (
            _allowing(ingress=[{"from": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["188.184.0.0/15"]}}]}]),
            _OUTSIDE,
            _POD,
            1,
            False,
        ),
    ],
)
def test_single_cases(cluster: Cluster, source: End, target: End, port: int, *, allowed: bool) -> None:
    assert cluster.allows(source, target, port) == allowed
