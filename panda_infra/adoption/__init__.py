"""Reads a running PanDA that other tools deployed, and makes a stack that takes it over."""
