"""Stands where torchvision would and hands over to Rushlight; see `rushlight.compat`."""

from __future__ import annotations

import sys

import rushlight.vision
from rushlight.compat import install

install()
sys.modules["torchvision"] = rushlight.vision
