"""Helpers for training: clipping, flat parameters, reparametrised weights, packed sequences."""

from __future__ import annotations

from rushlight.nn.utils import rnn
from rushlight.nn.utils.clip_grad import (
    clip_grad_norm,
    clip_grad_norm_,
    clip_grad_value_,
    clip_grads_with_norm_,
    get_total_norm,
)
from rushlight.nn.utils.convert_parameters import parameters_to_vector, vector_to_parameters

__all__ = [
    "clip_grad_norm",
    "clip_grad_norm_",
    "clip_grad_value_",
    "clip_grads_with_norm_",
    "get_total_norm",
    "parameters_to_vector",
    "remove_spectral_norm",
    "remove_weight_norm",
    "rnn",
    "spectral_norm",
    "vector_to_parameters",
    "weight_norm",
]


def __getattr__(name: str) -> object:
    """The reparametrisations, which build on the modules that build on this package."""
    if name in ("weight_norm", "remove_weight_norm"):
        from rushlight.nn.utils._weight_norm import remove_weight_norm, weight_norm

        globals().update(weight_norm=weight_norm, remove_weight_norm=remove_weight_norm)
    elif name in ("spectral_norm", "remove_spectral_norm"):
        from rushlight.nn.utils._spectral_norm import remove_spectral_norm, spectral_norm

        globals().update(spectral_norm=spectral_norm, remove_spectral_norm=remove_spectral_norm)
    if name in globals():
        return globals()[name]
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
