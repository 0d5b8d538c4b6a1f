"""The version of the Kubernetes plugin, against what the SDK itself would send."""

from pulumi_kubernetes import _utilities

from panda_infra.plugin_version import plugin_version


def test_it_is_the_version_that_the_sdk_sends() -> None:
    assert plugin_version() == _utilities.get_version()
