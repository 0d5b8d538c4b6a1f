"""Helm's own records of releases: read them, and repair the records that a killed run left."""
