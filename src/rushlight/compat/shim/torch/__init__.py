"""Stands where PyTorch would and hands over to Rushlight; see `rushlight.compat`."""

from __future__ import annotations

import sys

import rushlight
from rushlight.compat import install

install()
sys.modules["torch"] = rushlight
