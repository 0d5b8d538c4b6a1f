"""Every version that the project pins, in one place.

The same numbers stand, because those tools read no Python, in pyproject.toml and the requirement locks
(the three Pulumi packages) and in each part's go.mod; a test compares them.
"""

# The Python package and the plugin of one name are always the same version: a newer package sends inputs
# that an older plugin may not know.
PULUMI = "3.253.0"
PULUMI_KUBERNETES = "4.25.0"
PULUMI_OPENSTACK = "5.5.1"

KUBERNETES = "1.34.4"
ETCD = "3.6.4"
KWOK = "0.7.0"
HELM = "3.21.4"
REGISTRY = "3.1.2"
ACTIONLINT = "1.7.12"
VERSITYGW = "1.8.0"

# The Go module of the kubernetes plugin carries no semantic tag; this pseudo-version is the release above.
PULUMI_KUBERNETES_MODULE = "4.0.0-20260115033456-f47bc2d6f199"
# The Terraform provider that the openstack plugin of the version above bridges, and the bridge.
TERRAFORM_PROVIDER_OPENSTACK = "3.4.0"
PULUMI_TERRAFORM_BRIDGE = "3.135.0"

GO_MINIMUM = (1, 26)
PYTHON_MINIMUM = (3, 11)
