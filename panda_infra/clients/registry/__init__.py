"""OCI registries: charts, and Helm's log-ins."""
