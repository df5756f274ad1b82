"""Random programs of views, in-place writes and reads, run on several machines at once.

Every tensor of a program exists once as a NumPy array (the model: eager, strided, shared memory),
once as a Rushlight tensor and, where given, once as a PyTorch tensor. A program is a list of
choices ``pick(n) -> 0 .. n-1``; what they mean depends only on the model's shapes, so a test can
draw them from Hypothesis (which then shrinks the program) or from a seed.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

DTYPES = ("float32", "int64", "float64", "uint8", "int32")


class Value:
    """One tensor: as the model's array, and as a tensor of each machine."""

    def __init__(self, model: np.ndarray, tensors: list[Any]) -> None:
        self.model = model
        self.tensors = tensors


class Arrays:
    """Memory as NumPy sees it: the model's array and what ``.numpy()`` of each machine returned."""

    def __init__(self, model: np.ndarray, arrays: list[np.ndarray]) -> None:
        self.model = model
        self.arrays = arrays


def _memory(a: np.ndarray) -> np.ndarray:
    """The array that owns the memory, flat."""
    while a.base is not None:
        a = a.base
    return as_strided(a, (a.size,), (a.itemsize,))


def _overlaps_itself(a: np.ndarray) -> bool:
    reach = 0
    for stride, n in sorted(zip(map(abs, a.strides), a.shape, strict=True)):
        if n > 1:
            if stride <= reach:
                return True
            reach += stride * (n - 1)
    return False


def _laid_out(a: np.ndarray, strides: tuple[int, ...] | None) -> np.ndarray:
    """A copy with these strides (in elements), of memory of its own."""
    if strides is None:
        return a.copy()
    memory = np.empty(a.size, a.dtype)
    model = as_strided(memory, a.shape, [s * a.itemsize for s in strides])
    model[...] = a
    return model


class Session:
    """The tensors of one program and the steps that can be taken.

    Attributes:
        pick: ``pick(n)`` chooses one of ``0 .. n-1``.
        machines: modules with PyTorch's API.
        log: what was done, for messages.
    """

    def __init__(self, pick: Callable[[int], int], machines: list[ModuleType]) -> None:
        self.pick = pick
        self.machines = machines
        self.values: list[Value] = []
        self.arrays: list[Arrays] = []
        self.log: list[str] = []
        self.dtype = DTYPES[pick(len(DTYPES))]
        self.counter = 0
        self.create()

    # --- choices ---

    def fresh(self, shape: tuple[int, ...]) -> np.ndarray:
        """New numbers, all different from those before (as far as the dtype allows)."""
        n = int(np.prod(shape))
        self.counter += n
        start = self.counter % 97
        return np.arange(start, start + n).astype(self.dtype).reshape(shape)

    def number(self) -> int:
        return self.pick(5) + 1

    def any_value(self) -> Value:
        return self.values[self.pick(len(self.values))]

    def writable(self) -> Value | None:
        v = self.any_value()
        return None if _overlaps_itself(v.model) else v

    def add(self, model: np.ndarray, make: Callable[[Any], Any], v: Value, what: str) -> None:
        """Add what ``make`` gives on each machine; the model must agree on the shape."""
        self.log.append(what)
        made = [make(t) for t in v.tensors]
        item = model.itemsize
        for t in made:
            assert tuple(t.shape) == model.shape, (what, tuple(t.shape), model.shape)
            for n, step, have in zip(model.shape, model.strides, t.stride(), strict=True):
                assert n < 2 or 0 in model.shape or step == have * item, (what, self.log)
        self.values.append(Value(model, made))
        if len(self.values) > 12:
            del self.values[self.pick(len(self.values))]

    # --- tensors ---

    def create(self) -> None:
        rank = self.pick(4)
        shape = tuple((1, 2, 3, 4, 0)[min(self.pick(12) // 3, 4)] + 0 for _ in range(rank))
        data = self.fresh(shape)
        if self.pick(3) == 0 and data.size:
            arrays = [data.copy() for _ in self.machines]
            tensors = [m.from_numpy(a) for m, a in zip(self.machines, arrays, strict=True)]
            model = data.copy()
            self.arrays.append(Arrays(model, arrays))
        else:
            model = data.copy()
            tensors = [
                m.tensor(data.tolist(), dtype=getattr(m, self.dtype)).reshape(shape)
                for m in self.machines
            ]
        self.log.append(f"create {shape}")
        self.values.append(Value(model, tensors))

    def copy(self) -> None:
        v = self.any_value()
        kind = self.pick(5)
        if kind == 0:
            self.add(self._as_laid_out(v), lambda t: t.clone(), v, "clone")
        elif kind == 1:
            self.add(v.model, lambda t: t.detach(), v, "detach")
        elif kind == 2:
            self.add(v.model, lambda t: t.data, v, "data")
        elif kind == 3:
            n = self.number()
            total = np.asarray(v.model + np.array(n, v.model.dtype))
            self._add_result(total, [t + n for t in v.tensors], f"+ {n}")
        else:
            w = self.any_value()
            if w.model.shape == v.model.shape:
                total = np.asarray(v.model + w.model)
                made = [a + b for a, b in zip(v.tensors, w.tensors, strict=True)]
                self._add_result(total, made, "a + b")

    def _add_result(self, value: np.ndarray, made: list[Any], what: str) -> None:
        """A new tensor; the machines agree on the order in which its elements are stored."""
        self.log.append(what)
        strides = {
            tuple(s for s, n in zip(t.stride(), t.shape, strict=True) if n > 1) for t in made
        }
        assert len(strides) == 1 or not value.size, (what, strides, self.log)
        self.values.append(Value(_laid_out(value, made[0].stride()), made))

    def _as_laid_out(self, v: Value) -> np.ndarray:
        """A copy of the model in the order of dimensions that the machines give a clone."""
        return _laid_out(v.model, v.tensors[0].clone().stride())

    def flush(self) -> None:
        self.log.append("flush")
        for m in self.machines:
            if hasattr(m, "flush"):
                m.flush()

    # --- views ---

    def view(self) -> None:
        v = self.any_value()
        a = v.model
        kinds = [
            self._transposed,
            self._shaped,
            self._widened,
            self._selected,
            self._strided,
            self._parts,
        ]
        kinds[self.pick(len(kinds))](v, a)

    def _index(self, a: np.ndarray) -> tuple[Any, ...]:
        """A basic index: ints, slices, new axes, an Ellipsis."""
        first, last = sorted((self.pick(a.ndim + 1), self.pick(a.ndim + 1)))
        key: list[Any] = [self._entry(n) for n in a.shape[:first]]
        if first < last or self.pick(4) == 0:
            key.append(Ellipsis)
            key += [self._entry(n) for n in a.shape[last:]]
        if self.pick(4) == 0:
            key.insert(self.pick(len(key) + 1), None)
        return tuple(key)

    def _entry(self, n: int) -> Any:
        kind = self.pick(5)
        if kind == 0 and n:
            return self.pick(n) - (n if self.pick(2) else 0)
        if kind == 1:
            return slice(None)
        start = self.pick(n + 1)
        return slice(start, start + self.pick(n - start + 1), 1 + self.pick(3))

    def _selected(self, v: Value, a: np.ndarray) -> None:
        key = self._index(a)
        got = a[key] if any(k is not Ellipsis for k in key) else a[...]
        got = got if isinstance(got, np.ndarray) and got.base is not None else a[(*key, Ellipsis)]
        self.add(got, lambda t: t[key], v, f"[{key}]")

    def _transposed(self, v: Value, a: np.ndarray) -> None:
        rank = a.ndim
        kind = self.pick(4)
        if kind == 0 and rank <= 2:
            self.add(a.T, lambda t: t.t(), v, "t")
        elif kind == 1 and rank:
            i, j = self.pick(rank), self.pick(rank)
            self.add(a.swapaxes(i, j), lambda t: t.transpose(i, j - rank), v, f"transpose {i} {j}")
        elif kind == 2:
            left = list(range(rank))
            order = [left.pop(self.pick(len(left))) for _ in range(rank)]
            self.add(a.transpose(order), lambda t: t.permute(order), v, f"permute {order}")
        elif rank >= 2:
            i, j = self.pick(rank), self.pick(rank)
            offset = self.pick(5) - 2
            if i == j or not -a.shape[i] <= offset <= a.shape[j]:
                return
            d = np.diagonal(a, offset, i, j)
            d = as_strided(
                a[
                    tuple(
                        slice(max(-offset, 0), None)
                        if k == i
                        else slice(max(offset, 0), None)
                        if k == j
                        else slice(None)
                        for k in range(rank)
                    )
                ],
                d.shape,
                d.strides,
            )
            self.add(d, lambda t: t.diagonal(offset, i, j), v, f"diagonal {offset} {i} {j}")

    def _shaped(self, v: Value, a: np.ndarray) -> None:
        sizes: list[int] = []
        left = a.size
        while left > 1 and len(sizes) < 3:
            divisors = [d for d in range(1, left + 1) if left % d == 0]
            d = divisors[self.pick(len(divisors))]
            sizes.append(d)
            left //= d
        sizes.append(left)
        try:
            shaped = np.reshape(a, sizes, copy=False)
        except ValueError:
            copied = np.ascontiguousarray(a).reshape(sizes).copy()
            self.add(copied, lambda t: t.reshape(sizes), v, f"reshape {sizes} (copies)")
            return
        if self.pick(2):
            self.add(shaped, lambda t: t.view(sizes), v, f"view {sizes}")
        else:
            self.add(shaped, lambda t: t.reshape(*sizes), v, f"reshape {sizes}")

    def _widened(self, v: Value, a: np.ndarray) -> None:
        kind = self.pick(3)
        if kind == 0:
            sizes = [n if n != 1 else 1 + self.pick(3) for n in a.shape]
            sizes = [1 + self.pick(2)] * self.pick(2) + sizes
            wide = np.broadcast_to(a, sizes)
            wide = as_strided(a, wide.shape, wide.strides)
            self.add(wide, lambda t: t.expand(sizes), v, f"expand {sizes}")
        elif kind == 1:
            at = self.pick(a.ndim + 1)
            self.add(np.expand_dims(a, at), lambda t: t.unsqueeze(at), v, f"unsqueeze {at}")
        elif a.ndim:
            at = self.pick(a.ndim)
            narrow = a.squeeze(at) if a.shape[at] == 1 else a[...]
            self.add(narrow, lambda t: t.squeeze(at), v, f"squeeze {at}")

    def _strided(self, v: Value, a: np.ndarray) -> None:
        if not a.ndim:
            return
        at = self.pick(a.ndim)
        n = a.shape[at]
        if self.pick(2):
            size, step = 1 + self.pick(3), 1 + self.pick(3)
            if size > n:
                return
            shape = (*a.shape[:at], (n - size) // step + 1, *a.shape[at + 1 :], size)
            strides = (*a.strides[:at], a.strides[at] * step, *a.strides[at + 1 :], a.strides[at])
            windows = as_strided(a, shape, strides)
            self.add(windows, lambda t: t.unfold(at, size, step), v, f"unfold {at} {size} {step}")
            return
        flat = _memory(a)
        if not flat.size:
            return
        shape = tuple(1 + self.pick(3) for _ in range(self.pick(3)))
        steps = tuple(self.pick(4) for _ in shape)
        start = self.pick(flat.size)
        if start + sum((m - 1) * s for m, s in zip(shape, steps, strict=True)) >= flat.size:
            return
        item = a.itemsize
        got = as_strided(flat[start:], shape, tuple(s * item for s in steps))
        self.add(got, lambda t: t.as_strided(shape, steps, start), v, f"as_strided {shape} {steps}")

    def _parts(self, v: Value, a: np.ndarray) -> None:
        if not a.ndim:
            return
        at = self.pick(a.ndim)
        n = a.shape[at]
        kind = self.pick(4)
        lead = (slice(None),) * at
        if kind == 0 and n:
            i = self.pick(n)
            self.add(a[(*lead, i, Ellipsis)], lambda t: t.unbind(at)[i], v, f"unbind {at} {i}")
        elif kind == 1 and n:
            size = 1 + self.pick(n)
            i = self.pick(-(-n // size))
            part = a[(*lead, slice(i * size, (i + 1) * size))]
            self.add(part, lambda t: t.split(size, at)[i], v, f"split {size} {at} {i}")
        elif kind == 2 and n:
            pieces = 1 + self.pick(3)
            size = -(-n // pieces)
            i = self.pick(-(-n // size))
            part = a[(*lead, slice(i * size, (i + 1) * size))]
            self.add(part, lambda t: t.chunk(pieces, at)[i], v, f"chunk {pieces} {at} {i}")
        else:
            start = self.pick(n + 1)
            length = self.pick(n - start + 1)
            part = a[(*lead, slice(start, start + length))]
            self.add(
                part, lambda t: t.narrow(at, start, length), v, f"narrow {at} {start} {length}"
            )

    # --- writes ---

    def write(self) -> None:
        v = self.writable()
        if v is None:
            return
        kinds = [
            self._arithmetic,
            self._set,
            self._set_index,
            self._masked,
            self._scattered,
            self._out,
        ]
        kinds[self.pick(len(kinds))](v, v.model)

    def _operand(self, shape: tuple[int, ...], a: np.ndarray) -> tuple[np.ndarray, list[Any]]:
        """A value that broadcasts to ``shape``: an existing tensor or a new one.

        The result of a write whose operand partly overlaps the target is not defined in PyTorch;
        there the machines get a clone (the model copies as well), so that it is.
        """
        for _ in range(3):
            w = self.any_value()
            try:
                fits = np.broadcast_shapes(w.model.shape, shape) == tuple(shape)
            except ValueError:
                fits = False
            if fits:
                if np.may_share_memory(w.model, a):
                    return w.model.copy(), [t.clone() for t in w.tensors]
                return w.model, w.tensors
        kept = [1 if self.pick(3) == 0 else n for n in shape]
        data = self.fresh(tuple(kept))
        made = [
            m.tensor(data.tolist(), dtype=getattr(m, self.dtype)).reshape(tuple(kept))
            for m in self.machines
        ]
        return data, made

    def _each(self, v: Value, others: list[Any], f: Callable[[Any, Any, Any], Any]) -> None:
        for m, t, w in zip(self.machines, v.tensors, others, strict=True):
            f(m, t, w)

    def _arithmetic(self, v: Value, a: np.ndarray) -> None:
        kind = self.pick(5)
        n = self.number()
        self.log.append(f"arithmetic {kind} {n}")
        if kind == 0:
            a += np.array(n, a.dtype)
            self._each(v, v.tensors, lambda m, t, _: t.add_(n))
        elif kind == 1:
            a *= np.array(n, a.dtype)
            self._each(v, v.tensors, lambda m, t, _: t.mul_(n))
        else:
            w, others = self._operand(a.shape, a)
            if kind == 2:
                a += w
                self._each(v, others, lambda m, t, x: t.add_(x))
            elif kind == 3:
                a *= w
                self._each(v, others, lambda m, t, x: t.mul_(x))
            else:
                a -= w
                self._each(v, others, lambda m, t, x: t.sub_(x))

    def _set(self, v: Value, a: np.ndarray) -> None:
        kind = self.pick(4)
        n = self.number()
        self.log.append(f"set {kind} {n}")
        if kind == 0:
            a[...] = n
            self._each(v, v.tensors, lambda m, t, _: t.fill_(n))
        elif kind == 1:
            a[...] = 0
            self._each(v, v.tensors, lambda m, t, _: t.zero_())
        else:
            w, others = self._operand(a.shape, a)
            a[...] = w
            if kind == 2:
                self._each(v, others, lambda m, t, x: t.copy_(x))
            else:
                self._each(v, others, lambda m, t, x: t.data.copy_(x))

    def _set_index(self, v: Value, a: np.ndarray) -> None:
        key = self._index(a)
        self.log.append(f"setitem {key}")
        if self.pick(2):
            n = self.number()
            a[key] = n
            self._each(v, v.tensors, lambda m, t, _: t.__setitem__(key, n))
        else:
            shape = a[(*key, Ellipsis)].shape if Ellipsis not in key else a[key].shape
            w, others = self._operand(shape, a)
            a[key] = w
            self._each(v, others, lambda m, t, x: t.__setitem__(key, x))

    def _positions(self, n: int, count: int) -> list[int]:
        """Different positions below ``n`` (of equal ones PyTorch may keep any)."""
        left = list(range(n))
        return [left.pop(self.pick(len(left))) for _ in range(min(count, n))]

    def _masked(self, v: Value, a: np.ndarray) -> None:
        if not a.size:
            return
        mask = np.array([self.pick(2) == 1 for _ in range(a.size)], bool).reshape(a.shape)
        if a.ndim and self.pick(3) == 0:
            mask = np.array([self.pick(2) == 1 for _ in range(a.shape[0])], bool)
        self.log.append(f"mask {mask.tolist()}")
        masks = [m.tensor(mask.tolist(), dtype=m.bool).reshape(mask.shape) for m in self.machines]
        n = self.number()
        kind = self.pick(3)
        if kind == 0 and mask.shape == a.shape:
            a[mask] = n
            self._each(v, masks, lambda m, t, k: t.masked_fill_(k, n))
        elif kind == 1 and mask.ndim:
            w, others = self._operand(a[mask].shape, a)
            w = w.copy()
            a[mask] = w
            for t, k, x in zip(v.tensors, masks, others, strict=True):
                t[k] = x
        elif mask.ndim:
            a[mask] = n
            self._each(v, masks, lambda m, t, k: t.__setitem__(k, n))

    def _scattered(self, v: Value, a: np.ndarray) -> None:
        if not a.ndim or not a.size:
            return
        at = self.pick(a.ndim)
        chosen = self._positions(a.shape[at], 1 + self.pick(3))
        index = np.array(chosen, np.int64)
        indices = [m.tensor(chosen) for m in self.machines]
        kind = self.pick(4)
        self.log.append(f"scatter {kind} dim {at} at {chosen}")
        lead = (slice(None),) * at
        if kind == 0:
            w, others = self._operand(a[(*lead, index)].shape, a)
            a[(*lead, index)] = w
            for t, i, x in zip(v.tensors, indices, others, strict=True):
                t[(*lead, i)] = x
        elif kind == 1:
            shape = a[index].shape if a.shape[0] > index.max() else None
            if shape is None:
                return
            w, others = self._operand(shape, a)
            accumulate = bool(self.pick(2))
            if accumulate:
                np.add.at(a, index, w)
            else:
                a[index] = w
            for t, i, x in zip(v.tensors, indices, others, strict=True):
                t.index_put_((i,), x, accumulate=accumulate)
        elif kind == 2:
            n = self.number()
            a[(*lead, index)] = n
            self._each(v, indices, lambda m, t, i: t.index_fill_(at, i, n))
        else:
            shape = [1] * a.ndim
            shape[at] = len(chosen)
            where = np.broadcast_to(
                index.reshape(shape), [len(chosen) if k == at else s for k, s in enumerate(a.shape)]
            )
            n = self.number()
            np.put_along_axis(a, where, n, at)
            for m, t in zip(self.machines, v.tensors, strict=True):
                t.scatter_(at, m.tensor(where.tolist()), n)

    def _out(self, v: Value, a: np.ndarray) -> None:
        w, others = self._operand(a.shape, a)
        if w.shape != a.shape or _overlaps_itself(w):
            return
        n = self.number()
        self.log.append(f"out= {n}")
        a[...] = w + np.array(n, a.dtype)
        self._each(v, others, lambda m, t, x: m.add(x, n, out=t))

    # --- NumPy's side ---

    def numpy_side(self) -> None:
        kind = self.pick(3)
        if kind == 0 or not self.arrays:
            v = self.any_value()
            if not v.model.size:
                return
            self.log.append("numpy()")
            self.arrays.append(Arrays(v.model, [t.numpy() for t in v.tensors]))
            if len(self.arrays) > 4:
                del self.arrays[self.pick(len(self.arrays))]
        elif kind == 1:
            shared = self.arrays[self.pick(len(self.arrays))]
            if _overlaps_itself(shared.model):
                return
            n = self.number()
            self.log.append(f"NumPy writes {n}")
            for a in (shared.model, *shared.arrays):
                if self.counter % 2:
                    a[...] = n
                else:
                    a += np.array(n, a.dtype)
            self.counter += 1
        else:
            self.log.append("drop array")
            del self.arrays[self.pick(len(self.arrays))]

    def read(self) -> None:
        v = self.any_value()
        kind = self.pick(3)
        self.log.append(f"read {kind}")
        if kind == 0 and v.model.size:
            key = tuple(self.pick(n) for n in v.model.shape)
            for t in v.tensors:
                assert _same(np.array(t[key].item()), v.model[key])
        elif kind == 1:
            for t in v.tensors:
                assert _same(np.array(t.tolist()).reshape(v.model.shape), v.model)
        elif v.model.size:
            for t in v.tensors:
                t.data_ptr()

    # --- running ---

    def step(self) -> None:
        kinds = [
            self.view,
            self.write,
            self.view,
            self.write,
            self.write,
            self.copy,
            self.numpy_side,
            self.read,
            self.create,
            self.flush,
        ]
        kinds[self.pick(len(kinds))]()

    def check(self) -> None:
        """All tensors and all shared arrays hold the model's values."""
        for v in self.values:
            for m, t in zip(self.machines, v.tensors, strict=True):
                got = np.array(t.tolist(), dtype=v.model.dtype).reshape(v.model.shape)
                assert _same(got, v.model), (m.__name__, self.log, got, v.model)
        for shared in self.arrays:
            for m, a in zip(self.machines, shared.arrays, strict=True):
                assert _same(a, shared.model), (m.__name__, self.log, a, shared.model)


def _same(a: np.ndarray, b: np.ndarray) -> bool:
    return bool(np.array_equal(a, b, equal_nan=a.dtype.kind == "f"))


def run(
    pick: Callable[[int], int], machines: list[ModuleType], steps: int, every_step: bool
) -> Session:
    """Run a program; compare after every step, or only at the end (everything stays lazy)."""
    with np.errstate(all="ignore"):
        session = Session(pick, machines)
        for _ in range(steps):
            session.step()
            if every_step:
                session.check()
        session.check()
    return session
