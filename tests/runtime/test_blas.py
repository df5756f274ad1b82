"""NumPy's OpenBLAS runs on one thread once Rushlight has computed something."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

THREADS = """
import ctypes, glob, os, numpy
folder = os.path.join(os.path.dirname(numpy.__file__), os.pardir, "numpy.libs")
paths = glob.glob(os.path.join(folder, "*openblas*"))
names = ("scipy_openblas_get_num_threads64_", "scipy_openblas_get_num_threads")
libraries = [ctypes.CDLL(os.path.realpath(path)) for path in paths]
counts = [getattr(lib, n)() for lib in libraries for n in names if hasattr(lib, n)]
import rushlight
(rushlight.ones(8, 8) @ rushlight.ones(8, 8)).sum().item()
counts += [getattr(lib, n)() for lib in libraries for n in names if hasattr(lib, n)]
print(*counts)
"""


def counts(**variables):
    environment = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")}
    return subprocess.check_output(
        [sys.executable, "-c", THREADS], env=environment | variables, text=True
    ).split()


@pytest.mark.skipif(sys.platform != "linux", reason="where the wheel keeps it differs")
def test_one_thread_unless_the_environment_asks_for_more():
    free = counts()
    if not free:
        pytest.skip("this NumPy has no OpenBLAS of its own")
    assert free[-1] == "1"
    if int(free[0]) > 1:
        assert counts(OPENBLAS_NUM_THREADS="2") == ["2", "2"]
