"""Reads a PanDA that runs on a cluster and was deployed otherwise, and makes a stack that takes it over."""
