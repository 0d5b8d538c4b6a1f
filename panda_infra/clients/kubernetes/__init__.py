"""Access to any cluster: kubeconfigs as kubectl and the engine read them, and one client of the Kubernetes API."""
