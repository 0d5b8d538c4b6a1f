#!/bin/bash
# The original's environment is that of Conda; here it is the virtualenv's.
export PATH=/opt/diracx/bin:$PATH
exec "$@"
