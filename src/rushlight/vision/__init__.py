"""Rushlight's ``torchvision``: datasets, transforms, image files and grids of images.

The submodules are loaded when first used, and Pillow when an image is first touched.
"""

from __future__ import annotations

import importlib
from typing import Any

_SUBMODULES = ("datasets", "io", "transforms", "utils")
_LACKING = {
    "models": "a model zoo: define the network with nn.Module",
    "ops": "detection operators",
    "tv_tensors": "tensor subclasses for boxes and masks",
}


def __getattr__(name: str) -> Any:
    if name in _SUBMODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if name == "__version__":
        import rushlight

        return rushlight.__version__
    if name in _LACKING:
        raise AttributeError(lacking(name))
    raise AttributeError(f"module 'torchvision' (Rushlight's) has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*_SUBMODULES, "get_image_backend", "set_image_backend"]


def lacking(name: str) -> str:
    """The message for a part of torchvision that Rushlight does not have."""
    return (
        f"torchvision.{name}: Rushlight does not have {_LACKING[name]}. "
        f"It has torchvision.{', torchvision.'.join(_SUBMODULES)}"
    )


def get_image_backend() -> str:
    """The library that loads images: always Pillow."""
    return "PIL"


def set_image_backend(backend: str) -> None:
    """Choose the library that loads images.

    Raises:
        ValueError: for any but "PIL".
    """
    if backend != "PIL":
        raise ValueError(f"Invalid backend '{backend}'. Options are 'PIL'")
