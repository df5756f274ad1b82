"""Spectral normalisation: a weight divided by its greatest singular value (Miyato et al. 2018)."""

from __future__ import annotations

from typing import Any

from rushlight import ops
from rushlight.autograd import no_grad
from rushlight.nn import functional as F
from rushlight.nn.modules.conv import ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from rushlight.nn.modules.module import Module
from rushlight.nn.parameter import Parameter
from rushlight.nn.utils._weight_norm import _hook_id
from rushlight.tensor import Tensor

__all__ = ["remove_spectral_norm", "spectral_norm"]


class SpectralNorm:
    """The forward pre-hook that computes the weight from ``<name>_orig``.

    The singular vectors are estimated by power iteration, one step a training forward by default,
    and kept in the buffers ``<name>_u`` and ``<name>_v``.
    """

    def __init__(self, name: str, iterations: int, dim: int, eps: float) -> None:
        self.name = name
        self.dim = dim
        self.n_power_iterations = iterations
        self.eps = eps

    def as_matrix(self, weight: Tensor) -> Tensor:
        """``weight`` with ``dim`` as rows and all other dimensions as columns."""
        if self.dim:
            others = [d for d in range(weight.dim()) if d != self.dim]
            weight = weight.permute(self.dim, *others)
        return weight.reshape(weight.size(0), -1)

    def compute_weight(self, module: Module, do_power_iteration: bool) -> Tensor:
        """The parameter divided by its estimated greatest singular value."""
        weight = getattr(module, self.name + "_orig")
        u, v = getattr(module, self.name + "_u"), getattr(module, self.name + "_v")
        matrix = self.as_matrix(weight)
        if do_power_iteration:
            with no_grad():
                for _ in range(self.n_power_iterations):
                    v.copy_(F.normalize(matrix.t().mv(u), dim=0, eps=self.eps))
                    u.copy_(F.normalize(matrix.mv(v), dim=0, eps=self.eps))
                if self.n_power_iterations > 0:
                    u, v = u.clone(), v.clone()
        return weight / u.dot(matrix.mv(v))

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, self.name, self.compute_weight(module, module.training))


def spectral_norm(
    module: Module,
    name: str = "weight",
    n_power_iterations: int = 1,
    eps: float = 1e-12,
    dim: int | None = None,
) -> Module:
    """Divide a parameter by its greatest singular value at each forward.

    Args:
        module: whose parameter.
        name: which.
        n_power_iterations: steps of the estimate in each training forward.
        eps: the least norm of a singular vector.
        dim: the dimension of the outputs; default 1 for transposed convolutions, else 0.

    Raises:
        ValueError: for fewer than one iteration.
        RuntimeError: if the parameter is normalised already.
    """
    if dim is None:
        transposed = (ConvTranspose1d, ConvTranspose2d, ConvTranspose3d)
        dim = 1 if isinstance(module, transposed) else 0
    if n_power_iterations <= 0:
        raise ValueError(
            "Expected n_power_iterations to be positive, but got "
            f"n_power_iterations={n_power_iterations}"
        )
    if _hook_id(module, SpectralNorm, name) is not None:
        raise RuntimeError(f"Cannot register two spectral_norm hooks on the same parameter {name}")
    hook = SpectralNorm(name, n_power_iterations, dim, eps)
    weight = module._parameters[name]
    if weight is None:
        raise ValueError(f"`SpectralNorm` cannot be applied as parameter `{name}` is None")
    with no_grad():
        rows, columns = hook.as_matrix(weight).shape
        u = F.normalize(ops.empty(rows, dtype=weight.dtype).normal_(0, 1), dim=0, eps=eps)
        v = F.normalize(ops.empty(columns, dtype=weight.dtype).normal_(0, 1), dim=0, eps=eps)
    del module._parameters[name]
    module.register_parameter(name + "_orig", weight)
    setattr(module, name, weight.data)
    module.register_buffer(name + "_u", u)
    module.register_buffer(name + "_v", v)
    module.register_forward_pre_hook(hook)
    return module


def remove_spectral_norm(module: Module, name: str = "weight") -> Module:
    """Make the weight one parameter again.

    Raises:
        ValueError: if it is not normalised.
    """
    key = _hook_id(module, SpectralNorm, name)
    if key is None:
        raise ValueError(f"spectral_norm of '{name}' not found in {module}")
    hook = module._forward_pre_hooks.pop(key)
    with no_grad():
        weight = hook.compute_weight(module, do_power_iteration=False)
    delattr(module, name)
    for suffix in ("_u", "_v", "_orig"):
        delattr(module, name + suffix)
    module.register_parameter(name, Parameter(weight.detach()))
    return module
