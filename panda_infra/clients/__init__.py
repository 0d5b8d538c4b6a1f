"""The only access to the outside world: Kubernetes, OpenStack, registries, code forges and the Pulumi CLI."""
