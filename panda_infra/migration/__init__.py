"""Reads what a site keeps in its checkout of upstream's panda-k8s, and makes a stack of it."""
