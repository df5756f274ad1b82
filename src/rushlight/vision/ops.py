"""``torchvision.ops` is not part of Rushlight: importing it says so."""

from __future__ import annotations

from rushlight.vision import lacking

raise ImportError(lacking("ops"), name="torchvision.ops")
