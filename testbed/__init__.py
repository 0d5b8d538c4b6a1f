"""An embedded local cloud: a real Kubernetes API with simulated kubelets, volumes and an OCI registry."""
