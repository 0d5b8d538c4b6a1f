"""The outside world: Kubernetes, OpenStack, registries, code forges and the Pulumi CLI are asked from here alone."""
