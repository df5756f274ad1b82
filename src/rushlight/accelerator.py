"""``torch.accelerator`` on a machine that has none."""

from __future__ import annotations

from typing import Any

_MESSAGE = "Cannot access accelerator device when none is available."


def is_available() -> bool:
    """Always False."""
    return False


def device_count() -> int:
    """Always 0."""
    return 0


def current_accelerator(check_available: bool = False) -> None:
    """Always ``None``."""
    return


def _refuse(name: str) -> Any:
    def call(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError(_MESSAGE)

    call.__name__ = call.__qualname__ = name
    call.__doc__ = "Always raises ``RuntimeError``: there is no accelerator."
    return call


current_device_index = _refuse("current_device_index")
set_device_index = _refuse("set_device_index")
current_stream = _refuse("current_stream")
synchronize = _refuse("synchronize")
