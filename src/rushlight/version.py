"""The version of Rushlight, and of what it was not built with."""

from __future__ import annotations

from . import __version__

cuda = None
hip = None
xpu = None
debug = False
git_version = "Unknown"

__all__ = ["__version__", "cuda", "debug", "git_version", "hip", "xpu"]
