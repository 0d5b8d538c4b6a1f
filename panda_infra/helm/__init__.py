"""Helm's own records of releases: what it says of each, and how a record that a killed run left is mended."""
