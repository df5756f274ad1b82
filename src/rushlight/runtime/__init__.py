"""Running Programs: executors, buffers, flags and counters."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import interpreter
from .flags import flags
from .program import Program


def execute(program: Program, leaves: list[np.ndarray], args: list[Any]) -> list[np.ndarray]:
    """Run a Program with the executor that ``flags.backend`` names."""
    if flags.backend == "null":
        return interpreter.run_null(program, leaves, args)
    return interpreter.run(program, leaves, args)
