"""Generators of random numbers: PyTorch's CPU streams, seed by seed and draw by draw.

A Generator's state is a Storage, and each draw is an in-place op on it. So draws take effect in
program order even though values are computed later, draws that nobody reads still advance the
state, and replaying a Program needs no special case.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from .device import check_device, cpu, device
from .dtypes import uint8, uint32
from .graph import sampling as S
from .graph.expr import Expr, Primitive, leaf
from .graph.primitives import STRIDED
from .graph.tape import record, value_of
from .runtime.reference import randomness
from .storage import Storage
from .tensor import Tensor

_DEFAULT_SEED = 67280421310721
_STATE_ATTRS = ((randomness.STATE_WORDS,), (1,))


class Generator:
    """A stream of random numbers (mt19937) with PyTorch's interface.

    Args:
        device: the CPU; other devices raise PyTorch's errors.
    """

    def __init__(self, device: Any = "cpu") -> None:
        if getattr(device, "type", device) == "cuda":
            raise RuntimeError(
                "Cannot get CUDA generator without ATen_cuda library: Rushlight runs on the CPU"
            )
        check_device(device)
        self._seed = _DEFAULT_SEED
        self._lock = threading.Lock()
        self._cell: Storage | None = None  # made at the first draw: seeding costs time

    def __repr__(self) -> str:
        return f"<torch._C.Generator object at {id(self):#x}>"

    def __reduce__(self) -> tuple[object, ...]:
        return _restore, (self._blob(),)

    @property
    def device(self) -> device:
        """The CPU."""
        return cpu

    @property
    def _state(self) -> Storage:
        if self._cell is None:
            self._cell = Storage(leaf(randomness.from_seed(self._seed), uint32))
        return self._cell

    def _draw(self, count: int, prim: Primitive = S.DRAW) -> Expr:
        """Record a draw of ``count`` words and return it: ``new state || words``."""
        with self._lock:
            state = self._state
            drawn = record(prim, (state.expr,), (count,))
            state.write(record(STRIDED, (drawn,), _STATE_ATTRS, (0,)))
        return drawn

    def _draw_normals(self, count: int) -> Expr:
        """Record a draw of ``count`` normals, two words each, and return it."""
        return self._draw(count, S.DRAW_NORMALS)

    def _blob(self) -> bytes:
        with self._lock:
            return randomness.to_blob(value_of(self._state.expr)).tobytes()

    def _replace(self, state: np.ndarray, seed: int) -> None:
        with self._lock:
            self._seed = seed
            cell = Storage(leaf(state, uint32))
            if self._cell is None:
                self._cell = cell
            else:
                self._cell.write(cell.expr)

    def manual_seed(self, seed: int) -> Generator:
        """Start the stream of ``seed`` (negative ones count from 2**64) and return the generator.

        Raises:
            RuntimeError: not an integer. ValueError: not a 64-bit number.
        """
        if isinstance(seed, bool) or not hasattr(seed, "__index__"):
            raise RuntimeError(f"manual_seed expected a long, but got {type(seed).__name__}")
        seed = seed.__index__()
        if not -(1 << 63) <= seed < 1 << 64:
            raise ValueError("Overflow when unpacking long long")
        seed %= 1 << 64
        self._replace(randomness.from_seed(seed), seed)
        return self

    def seed(self) -> int:
        """Seed from the operating system's randomness and return the seed."""
        found = int.from_bytes(os.urandom(8), "little")
        self.manual_seed(found)
        return found

    def initial_seed(self) -> int:
        """The seed that the stream started from."""
        return self._seed

    def get_state(self) -> Tensor:
        """The state as the 5056 bytes (uint8) that PyTorch uses."""
        blob = np.frombuffer(self._blob(), np.uint8).copy()
        return Tensor._from_array(blob, uint8)

    def set_state(self, new_state: Tensor) -> Generator:
        """Continue from the bytes that ``get_state`` returned, here or in PyTorch; return self.

        Raises:
            TypeError: not a uint8 tensor. RuntimeError: not the state of a generator.
        """
        if not isinstance(new_state, Tensor):
            raise TypeError(f"expected a torch.ByteTensor, but got {type(new_state).__name__}")
        if new_state._dtype is not uint8:
            raise TypeError("RNG state must be a torch.ByteTensor")
        self._load(new_state._array())
        return self

    def _load(self, blob: np.ndarray) -> None:
        if blob.size != randomness.BLOB_BYTES:
            raise RuntimeError(
                f"Expected a CPUGeneratorImplState of size {randomness.BLOB_BYTES} but found the "
                f"input RNG state size to be {blob.size}"
            )
        try:
            state = randomness.from_blob(blob)
        except ValueError as error:
            raise RuntimeError("Invalid mt19937 state") from error
        self._replace(state, randomness.seed_of(state))

    def clone_state(self) -> Generator:
        """A new generator in the same state."""
        return _restore(self._blob())

    graphsafe_get_state = clone_state

    def graphsafe_set_state(self, state: Generator) -> None:
        """Continue from the state of another generator."""
        self._load(np.frombuffer(state._blob(), np.uint8))

    def get_offset(self) -> int:
        """Offsets belong to counter-based generators: always ``RuntimeError``."""
        raise RuntimeError("CPU Generator does not use offset")

    def set_offset(self, offset: int) -> None:
        """Offsets belong to counter-based generators: always ``RuntimeError``."""
        raise RuntimeError("CPU Generator does not use offset")


def _restore(blob: bytes) -> Generator:
    """A generator in the state of these bytes (unpickling)."""
    generator = Generator()
    generator._load(np.frombuffer(blob, np.uint8))
    return generator


default_generator = Generator()
default_generator._seed = int.from_bytes(os.urandom(8), "little")


def _restart_after_fork() -> None:
    default_generator._lock = threading.Lock()  # another thread may have held it


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_restart_after_fork)


def manual_seed(seed: Any) -> Generator:
    """Seed the default generator and return it.

    Raises:
        ValueError: not a 64-bit number.
    """
    return default_generator.manual_seed(int(seed))


def seed() -> int:
    """Seed the default generator from the operating system's randomness and return the seed."""
    return default_generator.seed()


def initial_seed() -> int:
    """The seed that the default generator started from."""
    return default_generator.initial_seed()


def get_rng_state() -> Tensor:
    """The default generator's state as 5056 bytes (uint8)."""
    return default_generator.get_state()


def set_rng_state(new_state: Tensor) -> None:
    """Continue the default generator from the bytes of ``get_rng_state``."""
    default_generator.set_state(new_state)


@contextlib.contextmanager
def fork_rng(
    devices: Iterable[Any] | None = None,
    enabled: bool = True,
    _caller: str = "fork_rng",
    _devices_kw: str = "devices",
    device_type: str = "cuda",
) -> Iterator[None]:
    """Restore the default generator's state when the ``with`` block ends."""
    if not enabled:
        yield
        return
    state = get_rng_state()
    try:
        yield
    finally:
        set_rng_state(state)


__all__ = [
    "Generator",
    "default_generator",
    "fork_rng",
    "get_rng_state",
    "initial_seed",
    "manual_seed",
    "seed",
    "set_rng_state",
]
