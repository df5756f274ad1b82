"""``device``: there is one, the CPU; asking for another fails with PyTorch's error."""

from __future__ import annotations

from typing import Any

from .naming import ShownAs

_KNOWN = ("cpu", "cuda", "mps", "xpu", "meta", "hip", "xla", "mkldnn", "vulkan", "ipu", "hpu")


class device(metaclass=ShownAs):
    """Where a tensor lives: ``device("cpu")``. Other kinds can be named but hold no tensors."""

    __slots__ = ("index", "type")

    _shown_as = "torch.device"

    type: str
    index: int | None

    def __init__(self, type: Any = "cpu", index: int | None = None) -> None:
        if isinstance(type, device):
            type, index = type.type, type.index
        elif isinstance(type, int) and not isinstance(type, bool):
            type, index = "cuda", type
        elif not isinstance(type, str):
            raise TypeError(f"device(): argument 'type' must be str, not {type.__class__.__name__}")
        kind, _, number = type.partition(":")
        if number:
            if not number.isdigit() or index is not None:
                raise RuntimeError(f"Invalid device string: '{type}'")
            index = int(number)
        if kind not in _KNOWN:
            raise RuntimeError(
                "Expected one of cpu, cuda, ipu, xpu, mkldnn, opengl, opencl, ideep, hip, ve, "
                "fpga, "
                "maia, xla, lazy, vulkan, mps, meta, hpu, mtia, privateuseone device type at start "
                f"of device string: {kind}"
            )
        self.type = kind
        self.index = index

    def __repr__(self) -> str:
        if self.index is None:
            return f"device(type='{self.type}')"
        return f"device(type='{self.type}', index={self.index})"

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, device):
            return NotImplemented
        return self.type == other.type and self.index == other.index

    def __hash__(self) -> int:
        return hash((self.type, self.index))

    def __reduce__(self) -> tuple[object, ...]:
        return device, (self.type, self.index)

    def __enter__(self) -> device:
        check_device(self)
        return self

    def __exit__(self, *exc: object) -> None:
        return None


cpu = device("cpu")


def check_device(where: object) -> None:
    """Raise PyTorch's error unless ``where`` (None, str, int or device) names the CPU."""
    if where is None or where is cpu or where == "cpu":
        return
    d = where if isinstance(where, device) else device(where)
    if d.type == "cpu":
        return
    if d.type == "cuda":
        raise AssertionError(
            "Torch not compiled with CUDA enabled: Rushlight runs on the CPU. Choose the device "
            "with `'cuda' if torch.cuda.is_available() else 'cpu'`"
        )
    raise RuntimeError(f"Rushlight runs on the CPU: device '{d}' is not available")
