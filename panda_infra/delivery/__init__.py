"""Resources inside the cluster: namespace, Secrets, shared claim, and components."""
