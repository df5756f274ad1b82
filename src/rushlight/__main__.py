"""``python -m rushlight script.py``: run a PyTorch script on Rushlight."""

from __future__ import annotations

import sys

from rushlight.compat.runner import main

if __name__ == "__main__":
    main(sys.argv[1:])
