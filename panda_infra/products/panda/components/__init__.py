"""A file per component of PanDA."""
