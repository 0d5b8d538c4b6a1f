"""What can go wrong before the program itself is reached."""


class ToolsError(Exception):
    """A message for the user: what is wrong with which tool, and what to do."""
