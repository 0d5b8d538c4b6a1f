"""OCI registries: charts, and the log-ins that Helm would use."""
