"""Measurements, as ratios within one run: `make bench`, or `python -m bench.NAME`."""

import signal

# A shell that starts one in the background has it ignore this signal, and every process below it too: each engine would
# then wait five seconds for its language host to end.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
