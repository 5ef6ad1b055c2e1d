"""`python -m gostage`: the same as the command `gostage`; nothing else may import it."""

from __future__ import annotations

import sys

from gostage._cli import main

if __name__ == "__main__":
    sys.exit(main())
