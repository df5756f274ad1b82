"""``einsum``: products and sums named by subscripts, by way of batched matrix products."""

from __future__ import annotations

from typing import Any

from ..tensor import Tensor
from .linalg import bmm
from .movement import expand, permute, reshape
from .registry import function

# Subscripts are integers: letters 0 .. 51, the dimensions of an ellipsis from 52 up.
_ELLIPSIS = 52
Labels = list[int]


def _label(character: str, where: str, index: int) -> int:
    if character.isascii() and character.isalpha():
        return ord(character) - (65 if character.isupper() else 97 - 26)
    raise RuntimeError(
        f"einsum(): invalid subscript given at index {index} in the {where}, subscripts must be in "
        "[a-zA-Z]"
    )


def _letters(text: str) -> list[Any]:
    """One subscript a character, ``Ellipsis`` for three dots."""
    out: list[Any] = []
    i = 0
    while i < len(text):
        if text[i] == " ":
            i += 1
        elif text[i] == ".":
            if text[i : i + 3] != "...":
                raise RuntimeError(
                    "einsum(): found '.' for operand that is not part of any ellipsis"
                )
            out.append(...)
            i += 3
        else:
            out.append(_label(text[i], "equation string", i))
            i += 1
    if out.count(...) > 1:
        raise RuntimeError(
            "einsum(): found '.' for operand for which an ellipsis was already found"
        )
    return out


def _parse(args: tuple[Any, ...]) -> tuple[list[Tensor], list[list[Any]], list[Any] | None]:
    """Operands, the subscripts of each, those of the output if given."""
    if isinstance(args[0], str):
        equation, operands = args[0], list(args[1:])
        if len(operands) == 1 and isinstance(operands[0], list | tuple):
            operands = list(operands[0])
        left, arrow, right = equation.partition("->")
        inputs = [_letters(part) for part in left.split(",")]
        output = _letters(right) if arrow else None
    else:
        operands = list(args[0:-1:2]) if len(args) % 2 else list(args[0::2])
        lists = args[1::2] if len(args) % 2 == 0 else args[1:-1:2]
        inputs = [list(labels) for labels in lists]
        output = list(args[-1]) if len(args) % 2 else None
    if len(inputs) > len(operands):
        raise RuntimeError("einsum(): fewer operands were provided than specified in the equation")
    if len(inputs) < len(operands):
        raise RuntimeError("einsum(): more operands were provided than specified in the equation")
    return operands, inputs, output


def _spelled_out(
    operands: list[Tensor], inputs: list[list[Any]], output: list[Any] | None
) -> tuple[list[Labels], Labels]:
    """Subscripts with the ellipsis replaced by labels, aligned at its last dimension."""
    widest = 0
    for i, (t, labels) in enumerate(zip(operands, inputs, strict=True)):
        named = sum(x is not ... for x in labels)
        if ... in labels:
            if named > t.ndim:
                raise RuntimeError(
                    f"einsum(): the number of subscripts in the equation ({named}) is more than "
                    f"the number of dimensions ({t.ndim}) for operand {i}"
                )
            widest = max(widest, t.ndim - named)
        elif named != t.ndim:
            raise RuntimeError(
                f"einsum(): the number of subscripts in the equation ({named}) does not match the "
                f"number of dimensions ({t.ndim}) for operand {i} and no ellipsis was given"
            )
    dots = list(range(_ELLIPSIS, _ELLIPSIS + widest))

    def spell(labels: list[Any], width: int) -> Labels:
        out: Labels = []
        for x in labels:
            out += dots[len(dots) - width :] if x is ... else [x]
        return out

    spelled = [
        spell(labels, t.ndim - (len(labels) - 1) if ... in labels else 0)
        for t, labels in zip(operands, inputs, strict=True)
    ]
    if output is None:
        counts: dict[int, int] = {}
        for labels in spelled:
            for x in labels:
                counts[x] = counts.get(x, 0) + 1
        once = sorted(x for x, n in counts.items() if n == 1 and x < _ELLIPSIS)
        return spelled, [*dots, *once]
    out = spell(output, widest)
    for x in out:
        if out.count(x) > 1:
            raise RuntimeError(
                f"einsum(): output subscript {_name(x)} appears more than once in the output"
            )
        if not any(x in labels for labels in spelled):
            raise RuntimeError(
                f"einsum(): output subscript {_name(x)} does not appear in the equation for any "
                "input operand"
            )
    return spelled, out


def _name(label: int) -> str:
    return chr(label + 65) if label < 26 else chr(label - 26 + 97)


def _without_repeats(t: Tensor, labels: Labels) -> tuple[Tensor, Labels]:
    """Diagonals where one operand names a subscript twice."""
    labels = list(labels)
    for x in dict.fromkeys(labels):
        while labels.count(x) > 1:
            a = labels.index(x)
            b = labels.index(x, a + 1)
            if t._shape[a] != t._shape[b]:
                raise RuntimeError(
                    f"einsum(): subscript {_name(x)} is repeated for operand 0 but the sizes don't "
                    f"match, {t._shape[b]} != {t._shape[a]}"
                )
            t = t.diagonal(0, a, b)
            labels = [y for i, y in enumerate(labels) if i not in (a, b)] + [x]
    return t, labels


def _check_sizes(operands: list[Tensor], inputs: list[Labels]) -> dict[int, int]:
    sizes: dict[int, int] = {}
    for i, (t, labels) in enumerate(zip(operands, inputs, strict=True)):
        for x, n in zip(labels, t._shape, strict=True):
            seen = sizes.get(x, 1)
            if seen not in (1, n) and n != 1:
                raise RuntimeError(
                    f"einsum(): subscript {_name(x)} has size {n} for operand {i} which does not "
                    f"broadcast with previously seen size {seen}"
                )
            sizes[x] = max(seen, n) if 0 not in (seen, n) else 0
    return sizes


def _sum_out(t: Tensor, labels: Labels, drop: set[int]) -> tuple[Tensor, Labels]:
    dims = [i for i, x in enumerate(labels) if x in drop]
    if dims:
        t = t.sum(dims)
    return t, [x for x in labels if x not in drop]


def _arranged(t: Tensor, labels: Labels, order: Labels, sizes: dict[int, int]) -> Tensor:
    """``t`` with its dimensions in ``order``, sizes of 1 expanded where they broadcast."""
    if labels != order:
        t = permute(t, [labels.index(x) for x in order])
    wanted = tuple(sizes[x] for x in order)
    return t if t._shape == wanted else expand(t, wanted)


def _pair(
    a: Tensor, la: Labels, b: Tensor, lb: Labels, keep: set[int], sizes: dict[int, int]
) -> tuple[Tensor, Labels]:
    """The product of two operands, summed over what nobody needs any more."""
    a, la = _sum_out(a, la, {x for x in la if x not in lb and x not in keep})
    b, lb = _sum_out(b, lb, {x for x in lb if x not in la and x not in keep})
    shared = [x for x in la if x in lb]
    batch = [x for x in shared if x in keep]
    inner = [x for x in shared if x not in keep]
    left = [x for x in la if x not in lb]
    right = [x for x in lb if x not in la]
    if not inner:
        wide = [*batch, *left, *right]
        x = reshape(
            _arranged(a, la, [*batch, *left], sizes), [*_of(batch + left, sizes), *[1] * len(right)]
        )
        y = reshape(
            _arranged(b, lb, [*batch, *right], sizes),
            [*_of(batch, sizes), *[1] * len(left), *_of(right, sizes)],
        )
        return x * y, wide
    x = _arranged(a, la, [*batch, *left, *inner], sizes)
    y = _arranged(b, lb, [*batch, *inner, *right], sizes)
    nb, nl, ni, nr = (_count(group, sizes) for group in (batch, left, inner, right))
    product = bmm(reshape(x, (nb, nl, ni)), reshape(y, (nb, ni, nr)))
    return reshape(product, _of(batch + left + right, sizes)), [*batch, *left, *right]


def _of(labels: Labels, sizes: dict[int, int]) -> list[int]:
    return [sizes[x] for x in labels]


def _count(labels: Labels, sizes: dict[int, int]) -> int:
    n = 1
    for x in labels:
        n *= sizes[x]
    return n


@function()
def einsum(*args: Any) -> Tensor:
    """Products of operands summed over subscripts: ``einsum("ij,jk->ik", a, b)``.

    Subscripts may repeat within an operand (diagonals) and contain an ellipsis; they may also be
    given as lists of integers after each operand.

    Raises:
        RuntimeError: subscripts and operands do not match.
    """
    if len(args) < 2:
        raise ValueError(
            "einsum(): must specify the equation string and at least one operand, or at least one "
            "operand and its subscripts list"
        )
    operands, raw, wanted = _parse(args)
    inputs, output = _spelled_out(operands, raw, wanted)
    pairs = [_without_repeats(t, labels) for t, labels in zip(operands, inputs, strict=True)]
    tensors, labels = [t for t, _ in pairs], [x for _, x in pairs]
    sizes = _check_sizes(tensors, labels)
    result, names = tensors[0], labels[0]
    for i in range(1, len(tensors)):
        later = {x for rest in labels[i + 1 :] for x in rest} | set(output)
        result, names = _pair(result, names, tensors[i], labels[i], later, sizes)
    result, names = _sum_out(result, names, set(names) - set(output))
    return result if names == output else permute(result, [names.index(x) for x in output])
