"""Reads a site's checkout of upstream's charts, and makes a stack of its values and files."""
