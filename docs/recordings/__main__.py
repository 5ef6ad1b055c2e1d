"""`python -m docs.recordings [NAME…]`."""

import sys

from docs.recordings.make import main

sys.exit(main(sys.argv[1:]))
