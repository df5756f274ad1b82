"""Attention (Vaswani et al. 2017)."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

from rushlight import ops
from rushlight.dtypes import bool_
from rushlight.dtypes import dtype as DType
from rushlight.ops import linear, pad
from rushlight.tensor import Tensor


def future(length: int, keys: int) -> Tensor:
    """Where a key stands after the position that attends: ``(length, keys)``, boolean."""
    return ops.arange(length).unsqueeze(1) < ops.arange(keys).unsqueeze(0)


def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """``softmax(query @ key^T * scale + mask) @ value``.

    Args:
        query: ``(..., Hq, L, E)``.
        key: ``(..., H, S, E)``.
        value: ``(..., H, S, Ev)``.
        attn_mask: boolean (True: take part) or added to the scores; broadcast to ``(..., L, S)``.
        dropout_p: dropout of the attention weights.
        is_causal: position ``i`` attends to positions up to ``i``.
        scale: default ``1 / sqrt(E)``.
        enable_gqa: repeat the heads of key and value to those of query.

    Raises:
        RuntimeError: if a mask is given although ``is_causal``.
    """
    if is_causal and attn_mask is not None:
        raise RuntimeError(
            "_scaled_dot_product_attention: Explicit attn_mask should not be set when "
            "is_causal=True"
        )
    if enable_gqa:
        repeats = query.size(-3) // key.size(-3)
        key = key.repeat_interleave(repeats, -3)
        value = value.repeat_interleave(repeats, -3)
    scale = 1 / math.sqrt(query.size(-1)) if scale is None else scale
    scores = query.matmul(key.transpose(-2, -1)) * scale
    if is_causal:
        attn_mask = future(query.size(-2), key.size(-2)).logical_not()
    if attn_mask is not None and attn_mask.dtype == bool_:
        scores = scores.masked_fill(attn_mask.logical_not(), -math.inf)
    elif attn_mask is not None:
        scores = scores + attn_mask
    weights = ops.softmax(scores, -1)
    if attn_mask is not None and attn_mask.dtype == bool_:
        weights = weights.masked_fill(attn_mask.logical_not(), 0.0)  # rows without any partner
    if dropout_p > 0.0:
        weights = ops.dropout(weights, dropout_p, True)
    return weights.matmul(value)


def _additive_mask(mask: Tensor | None, name: str, dtype: DType) -> Tensor | None:
    """A boolean mask (True: left out) as what is added to the scores."""
    if mask is None:
        return None
    if mask.dtype != bool_:
        if not mask.is_floating_point():
            raise AssertionError(f"only bool and floating types of {name} are supported")
        return mask
    return ops.zeros_like(mask, dtype=dtype).masked_fill(mask, -math.inf)


def _project_in(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    weight: Tensor | Sequence[Tensor],
    bias: Tensor | None,
) -> tuple[Tensor, Tensor, Tensor]:
    """Project query, key and value, with one stacked weight or three."""
    embed = query.size(-1)
    if isinstance(weight, Tensor):
        if query is key and key is value:
            q, k, v = linear(query, weight, bias).split(embed, dim=-1)
            return q, k, v
        weights = weight.split(embed, dim=0)
    else:
        weights = tuple(weight)
    biases: Sequence[Tensor | None] = (None,) * 3 if bias is None else bias.split(embed, dim=0)
    q, k, v = (
        linear(x, w, b) for x, w, b in zip((query, key, value), weights, biases, strict=True)
    )
    return q, k, v


def multi_head_attention_forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: Tensor | None,
    in_proj_bias: Tensor | None,
    bias_k: Tensor | None,
    bias_v: Tensor | None,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Tensor,
    out_proj_bias: Tensor | None,
    training: bool = True,
    key_padding_mask: Tensor | None = None,
    need_weights: bool = True,
    attn_mask: Tensor | None = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Tensor | None = None,
    k_proj_weight: Tensor | None = None,
    v_proj_weight: Tensor | None = None,
    static_k: Tensor | None = None,
    static_v: Tensor | None = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> tuple[Tensor, Tensor | None]:
    """Multi-head attention over sequence-first input; see ``nn.MultiheadAttention``.

    Shapes: query ``(L, N, E)`` or ``(L, E)``, key and value ``(S, N, E)`` or ``(S, E)``,
        ``attn_mask`` ``(L, S)`` or
    ``(N * num_heads, L, S)``, ``key_padding_mask`` ``(N, S)`` or ``(S,)``.

    Returns:
        The attended values, and the attention weights if ``need_weights``.
    """
    batched = query.dim() == 3
    if query.dim() not in (2, 3):
        raise AssertionError(
            f"query should be unbatched 2D or batched 3D tensor but received {query.dim()}-D "
            f"query tensor"
        )
    if is_causal and attn_mask is None:
        raise RuntimeError("Need attn_mask if specifying the is_causal hint.")
    if not batched:
        same = query is key and key is value
        query = query.unsqueeze(1)
        key, value = (query, query) if same else (key.unsqueeze(1), value.unsqueeze(1))
        if key_padding_mask is not None:
            key_padding_mask = key_padding_mask.unsqueeze(0)
    length, batch, embed = query.shape
    if embed != embed_dim_to_check:
        raise AssertionError(
            f"was expecting embedding dimension of {embed_dim_to_check}, but got {embed}"
        )
    head = embed // num_heads
    if head * num_heads != embed:
        raise AssertionError(f"embed_dim {embed} not divisible by num_heads {num_heads}")
    if use_separate_proj_weight:
        weight: Any = (q_proj_weight, k_proj_weight, v_proj_weight)
    else:
        weight = in_proj_weight
        if key.shape != value.shape:
            raise AssertionError(f"key shape {key.shape} does not match value shape {value.shape}")
    q, k, v = _project_in(query, key, value, weight, in_proj_bias)

    masks = [m.dtype for m in (attn_mask, key_padding_mask) if m is not None]
    if len(set(masks)) > 1:
        warnings.warn(
            "Support for mismatched key_padding_mask and attn_mask is deprecated. "
            "Use same type for both instead.",
            stacklevel=3,
        )
    mask = _additive_mask(attn_mask, "attn_mask", query.dtype)
    padding = _additive_mask(key_padding_mask, "key_padding_mask", query.dtype)
    if mask is not None:
        expected = (length, key.shape[0])
        if mask.dim() == 2 and tuple(mask.shape) != expected:
            raise RuntimeError(
                f"The shape of the 2D attn_mask is {mask.shape}, but should be {expected}."
            )
        if mask.dim() == 3 and tuple(mask.shape) != (batch * num_heads, *expected):
            raise RuntimeError(
                f"The shape of the 3D attn_mask is {mask.shape}, but should be "
                f"{(batch * num_heads, *expected)}."
            )
        mask = mask.unsqueeze(0) if mask.dim() == 2 else mask.view(batch, num_heads, *expected)

    def lengthen(m: Tensor | None) -> Tensor | None:
        return None if m is None else pad(m, (0, 1))

    if bias_k is not None and bias_v is not None:
        k = ops.cat([k, bias_k.repeat(1, batch, 1)])
        v = ops.cat([v, bias_v.repeat(1, batch, 1)])
        mask, padding = lengthen(mask), lengthen(padding)

    def split(t: Tensor) -> Tensor:
        return t.reshape(t.shape[0], batch, num_heads, head).permute(1, 2, 0, 3)

    q = split(q)
    k = split(k) if static_k is None else static_k.view(batch, num_heads, -1, head)
    v = split(v) if static_v is None else static_v.view(batch, num_heads, -1, head)
    if add_zero_attn:
        zero = ops.zeros([batch, num_heads, 1, head], dtype=k.dtype)
        k, v = ops.cat([k, zero], dim=2), ops.cat([v, zero], dim=2)
        mask, padding = lengthen(mask), lengthen(padding)
    if padding is not None:
        padding = padding.view(batch, 1, 1, k.shape[2])
        mask = padding if mask is None else mask + padding

    scores = (q * math.sqrt(1.0 / head)).matmul(k.transpose(-2, -1))
    weights = ops.softmax(scores if mask is None else scores + mask, -1)
    if training and dropout_p > 0.0:
        weights = ops.dropout(weights, dropout_p, True)
    out = weights.matmul(v).permute(2, 0, 1, 3).reshape(length * batch, embed)
    out = linear(out, out_proj_weight, out_proj_bias).view(length, batch, embed)
    if not batched:
        out = out.squeeze(1)
    if not need_weights:
        return out, None
    if average_attn_weights:
        weights = weights.mean(dim=1)
    return out, weights if batched else weights.squeeze(0)
