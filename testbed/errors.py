"""What the test bed refuses or cannot do."""


class BedError(Exception):
    """Names the bed or its part, says what is wrong and what to do; shown without a traceback."""
