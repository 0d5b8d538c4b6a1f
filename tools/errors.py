"""The error of the tools."""


class ToolsError(Exception):
    """A message for the user: the tool, the problem and the solution."""
