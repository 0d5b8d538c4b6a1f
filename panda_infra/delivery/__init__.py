"""Resources inside the cluster: namespace, Secrets, shared claim, and how components arrive."""
