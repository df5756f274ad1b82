"""``torch.cuda`` on a machine without CUDA: the questions have answers, the rest raises."""

from __future__ import annotations

from typing import Any

from ..namespace import OutOfMemoryError as OutOfMemoryError

_MESSAGE = "Torch not compiled with CUDA enabled"


def is_available() -> bool:
    """Always False."""
    return False


def device_count() -> int:
    """Always 0."""
    return 0


def is_initialized() -> bool:
    """Always False."""
    return False


def is_bf16_supported(including_emulation: bool = True) -> bool:
    """Always False."""
    return False


def manual_seed(seed: int) -> None:
    """Does nothing: there is no device whose generator could be seeded."""


def manual_seed_all(seed: int) -> None:
    """Does nothing: there is no device whose generator could be seeded."""


def seed() -> None:
    """Does nothing: there is no device whose generator could be seeded."""


seed_all = seed


def empty_cache() -> None:
    """Does nothing: there is no device memory."""


def ipc_collect() -> None:
    """Does nothing: there is no device memory."""


def memory_allocated(device: Any = None) -> int:
    """Always 0."""
    return 0


def max_memory_allocated(device: Any = None) -> int:
    """Always 0."""
    return 0


def memory_reserved(device: Any = None) -> int:
    """Always 0."""
    return 0


def max_memory_reserved(device: Any = None) -> int:
    """Always 0."""
    return 0


def get_rng_state_all() -> list[Any]:
    """Always empty."""
    return []


def set_rng_state_all(new_states: Any) -> None:
    """Does nothing if there are no states."""
    if list(new_states):
        raise AssertionError(_MESSAGE)


def get_arch_list() -> list[str]:
    """Always empty."""
    return []


def set_device(device: Any) -> None:
    """Raises ``AssertionError`` unless it is no device (a negative number)."""
    if not (isinstance(device, int) and device < 0):
        raise AssertionError(_MESSAGE)


def _needs_cuda(name: str) -> Any:
    def call(*args: Any, **kwargs: Any) -> Any:
        raise AssertionError(_MESSAGE)

    call.__name__ = call.__qualname__ = name
    call.__doc__ = f"Always raises ``AssertionError``: {_MESSAGE}."
    return call


init = _needs_cuda("init")
current_device = _needs_cuda("current_device")
current_stream = _needs_cuda("current_stream")
default_stream = _needs_cuda("default_stream")
synchronize = _needs_cuda("synchronize")
get_device_name = _needs_cuda("get_device_name")
get_device_properties = _needs_cuda("get_device_properties")
get_device_capability = _needs_cuda("get_device_capability")
get_rng_state = _needs_cuda("get_rng_state")
set_rng_state = _needs_cuda("set_rng_state")
mem_get_info = _needs_cuda("mem_get_info")
reset_peak_memory_stats = _needs_cuda("reset_peak_memory_stats")
memory_summary = _needs_cuda("memory_summary")


class Stream:
    """Raises ``RuntimeError``: streams need CUDA."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise RuntimeError("torch.cuda.Stream requires CUDA support")


class Event:
    """Raises ``RuntimeError``: events need CUDA."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise RuntimeError("Tried to instantiate dummy base class Event")


class device:
    """A context that selects a device; entering it does nothing where there is none."""

    def __init__(self, device: Any) -> None:
        self.idx = device

    def __enter__(self) -> None:
        return None

    def __exit__(self, *exc: object) -> None:
        return None


def _legacy(kind: str) -> type:
    def refuse(cls: type, *args: Any, **kwargs: Any) -> Any:
        raise TypeError(
            f"type torch.cuda.{kind} not available. Torch not compiled with CUDA enabled."
        )

    return type(kind, (), {"__new__": refuse, "__module__": "torch.cuda", "__doc__": "Raises."})


FloatTensor = _legacy("FloatTensor")
DoubleTensor = _legacy("DoubleTensor")
HalfTensor = _legacy("HalfTensor")
LongTensor = _legacy("LongTensor")
IntTensor = _legacy("IntTensor")
ByteTensor = _legacy("ByteTensor")
BoolTensor = _legacy("BoolTensor")


def __getattr__(name: str) -> Any:
    if name == "amp":
        import importlib

        return importlib.import_module(f"{__name__}.amp")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
