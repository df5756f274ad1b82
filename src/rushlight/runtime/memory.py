"""How much memory there is: asking for more fails in the call, not by the death of the process."""

from __future__ import annotations

import functools
import os


@functools.cache
def physical_memory() -> int:
    """Bytes of memory of this machine; a large number where the system does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 1 << 46


def out_of_memory(shape: tuple[int, ...], error: MemoryError) -> RuntimeError:
    """PyTorch's error for an allocation that failed while a Program ran."""
    return RuntimeError(f"DefaultCPUAllocator: can't allocate memory for {list(shape)}: {error}")


def check_memory(nbytes: int) -> None:
    """Raise PyTorch's ``RuntimeError`` where one array of so many bytes cannot be had."""
    if nbytes > physical_memory():
        raise RuntimeError(
            "[enforce fail at alloc_cpu.cpp] . DefaultCPUAllocator: can't allocate memory: you "
            "tried "
            f"to allocate {nbytes} bytes. Error code 12 (Cannot allocate memory)"
        )
