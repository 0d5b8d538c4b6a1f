"""Nodes of a bed on which pods really run."""
