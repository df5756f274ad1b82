"""How many threads Programs run on: what the machine lets this process use, unless it is set."""

from __future__ import annotations

import math
import os

_count: int | None = None


def _cgroup_quota() -> float | None:
    """CPUs that this process's control group may use (cgroup v2, then v1), if limited."""
    try:
        with open("/sys/fs/cgroup/cpu.max") as f:
            quota, period = f.read().split()
        return None if quota == "max" else int(quota) / int(period)
    except (OSError, ValueError):
        pass
    try:
        with open("/sys/fs/cgroup/cpu/cpu.cfs_quota_us") as f:
            quota_us = int(f.read())
        with open("/sys/fs/cgroup/cpu/cpu.cfs_period_us") as f:
            period_us = int(f.read())
        return None if quota_us <= 0 else quota_us / period_us
    except (OSError, ValueError):
        return None


def default_threads() -> int:
    """``RUSHLIGHT_NUM_THREADS``, else ``OMP_NUM_THREADS``, else the CPUs of the affinity mask and
    the control group's quota."""
    for name in ("RUSHLIGHT_NUM_THREADS", "OMP_NUM_THREADS"):
        text = os.environ.get(name, "").partition(",")[0].strip()
        if text.isdigit() and int(text) > 0:
            return int(text)
    if hasattr(os, "sched_getaffinity"):
        cpus = len(os.sched_getaffinity(0))
    else:
        cpus = os.cpu_count() or 1
    quota = _cgroup_quota()
    return max(1, min(cpus, math.ceil(quota))) if quota is not None else cpus


def get_num_threads() -> int:
    """The number of threads that Programs run on."""
    global _count
    if _count is None:
        _count = default_threads()
    return _count


def set_num_threads(n: int) -> None:
    """Set the number of threads; ``RuntimeError`` unless it is a positive integer."""
    global _count
    if isinstance(n, bool) or not isinstance(n, int):
        raise RuntimeError(f"set_num_threads expects an int, but got {type(n).__name__}")
    if n <= 0:
        raise RuntimeError("set_num_threads expects a positive integer")
    _count = n
