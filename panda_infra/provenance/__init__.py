"""Signed records of deployments in an OCI registry."""
