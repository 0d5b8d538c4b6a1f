"""Reads a site's checkout of upstream's panda-k8s, and makes a stack of its values and files."""
