"""Keeps NumPy's OpenBLAS to one thread.

Its threads spin while they wait for each other. On a machine with other work a preempted one
stalls a training step of 8 ms for up to a second, and how a product is cut into pieces, so its last
bits, depends on their number. The setting is the process's: NumPy has no narrower one.
"""

from __future__ import annotations

import os
from glob import glob

_SETTERS = (
    "scipy_openblas_set_num_threads64_",
    "scipy_openblas_set_num_threads",
    "openblas_set_num_threads64_",
    "openblas_set_num_threads",
)
_done = False


def use_one_thread() -> None:
    """Limit the OpenBLAS inside NumPy's wheel, once, unless ``OPENBLAS_NUM_THREADS`` is set.

    Does nothing where NumPy was built with another library.
    """
    global _done
    if _done:
        return
    _done = True
    if "OPENBLAS_NUM_THREADS" in os.environ:
        return
    import ctypes

    import numpy

    package = os.path.dirname(numpy.__file__)
    places = (os.path.join(package, os.pardir, "numpy.libs"), os.path.join(package, ".dylibs"))
    for path in (p for place in places for p in glob(os.path.join(place, "*openblas*"))):
        library = ctypes.CDLL(os.path.realpath(path))
        for name in _SETTERS:
            if hasattr(library, name):
                getattr(library, name)(1)
