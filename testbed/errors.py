"""The error of the test bed."""


class BedError(Exception):
    """Names the bed or its part, the problem and the solution; printed without a traceback."""
