"""DataParallel, as it behaves where there is no GPU."""

from __future__ import annotations

from typing import Any

from rushlight.nn.modules.module import Module

__all__ = ["DataParallel"]


class DataParallel(Module):
    """Call the wrapped module: on one CPU there is nothing to divide the batch among.

    Args:
        module: what is called; it is the attribute ``module``, and its keys in ``state_dict`` begin
            with ``module.``.
        device_ids: accepted; must be empty.
        output_device: accepted.
        dim: accepted.

    Raises:
        AssertionError: if devices are asked for, as in a CPU build of PyTorch.
    """

    def __init__(
        self, module: Module, device_ids: Any = None, output_device: Any = None, dim: int = 0
    ) -> None:
        super().__init__()
        if device_ids:
            raise AssertionError("Torch not compiled with CUDA enabled: there are no devices")
        self.module = module
        self.device_ids: list[Any] = []
        self.output_device = output_device
        self.dim = dim

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        """The wrapped module's result."""
        return self.module(*inputs, **kwargs)
