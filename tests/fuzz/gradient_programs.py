"""Random differentiable programs of views and in-place writes, against a functional formulation.

Memory is a flat tensor that is never written to: a read gathers positions from it, a write makes
a new flat tensor by ``index_put``. So what an op saved for backward is the value of that moment,
and differentiating this formulation is what Rushlight promises for programs with in-place writes.
(PyTorch gives the same gradient or raises "modified by an inplace operation".)
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
from memory_programs import Session, Value, _laid_out, _overlaps_itself


class History:
    """What one family of tensors (a base and its views) knows of a block of memory.

    Attributes:
        flat: the functional value: a flat tensor of the oracle.
        leaf: its base is a leaf that requires grad.
    """

    def __init__(self, flat: Any, leaf: bool) -> None:
        self.flat = flat
        self.leaf = leaf


class Memory:
    """One block: the model's array and the histories that share it (``detach`` starts one)."""

    def __init__(self, root: np.ndarray) -> None:
        self.root = root
        self.histories: list[History] = []


def _positions(a: np.ndarray) -> np.ndarray:
    """The places of a view's elements in its memory."""
    root = a
    while root.base is not None:
        root = root.base
    start = (a.__array_interface__["data"][0] - root.__array_interface__["data"][0]) // a.itemsize
    index = np.full(a.shape, start, np.int64)
    for dim, (n, step) in enumerate(zip(a.shape, a.strides, strict=True)):
        shape = [1] * a.ndim
        shape[dim] = n
        index += (np.arange(n) * (step // a.itemsize)).reshape(shape)
    return index


def _root(a: np.ndarray) -> np.ndarray:
    while a.base is not None:
        a = a.base
    return a


class GradientSession(Session):
    """Differentiable steps; views are those of the parent class.

    Attributes:
        oracle: the module with PyTorch's API that computes the functional formulation.
        leaves: (leaf of each machine, flat leaf of the oracle) pairs.
        alive: machines that have raised no error of PyTorch's so far.
    """

    def __init__(
        self, pick: Callable[[int], int], machines: list[ModuleType], oracle: ModuleType
    ) -> None:
        self.oracle = oracle
        self.memories: dict[int, Memory] = {}
        self.leaves: list[tuple[list[Any], Any]] = []
        self.alive = [True] * len(machines)
        super().__init__(pick, machines)
        self.dtype = "float64"
        del self.values[:], self.arrays[:]
        self.create()
        self.compute()

    # --- the functional formulation ---

    def history(self, v: Value) -> History:
        return v.history  # type: ignore[attr-defined,no-any-return]

    def read_functional(self, v: Value) -> Any:
        flat = self.history(v).flat
        where = _positions(v.model)
        index = self.oracle.tensor(where.reshape(-1).tolist(), dtype=self.oracle.int64)
        return flat[index].reshape(v.model.shape)

    def write_functional(self, v: Value, new: Any, recorded: bool) -> None:
        """``new`` (of the view's shape) becomes the value; in ``v``'s history if recorded."""
        memory = self.memories[id(_root(v.model))]
        where = _positions(v.model).reshape(-1)
        index = self.oracle.tensor(where.tolist(), dtype=self.oracle.int64)
        mine = self.history(v)
        written = mine.flat.index_put((index,), new.reshape(-1))
        for h in memory.histories:
            if h is mine and recorded:
                h.flat = written
            else:
                h.flat = _WithValue.of(self.oracle).apply(h.flat, written.detach())

    def start_memory(self, v: Value, functional: Any, leaf: bool = False) -> None:
        """The memory of a new tensor, whose elements are ``functional`` in the model's order."""
        root = _root(v.model)
        memory = self.memories[id(root)] = Memory(root)
        where = self.oracle.tensor(_positions(v.model).reshape(-1).tolist())
        flat = functional
        if not leaf:
            zeros = self.oracle.zeros(root.size, dtype=self.oracle.float64)
            flat = zeros.index_put((where.to(self.oracle.int64),), functional.reshape(-1))
        h = History(flat, leaf)
        memory.histories.append(h)
        v.history = h  # type: ignore[attr-defined]

    # --- machines ---

    def on_machines(self, f: Callable[[int, ModuleType], Any]) -> list[Any] | None:
        """``f`` for each machine; PyTorch may refuse what Rushlight does, and is then left out."""
        out: list[Any] = []
        for i, m in enumerate(self.machines):
            if not self.alive[i]:
                out.append(None)
                continue
            try:
                out.append(f(i, m))
            except RuntimeError as error:
                if m.__name__ != "torch" or "place" not in str(error):
                    raise
                self.alive[i] = False
                out.append(None)
        return out

    # --- steps ---

    def create(self) -> None:
        if self.dtype != "float64":
            super().create()
            return
        shape = tuple((1, 2, 3, 4)[self.pick(4)] for _ in range(self.pick(4)))
        data = np.asarray((self.fresh(shape) % 7 - 3) / 4)
        leaf = self.pick(3) > 0
        self.log.append(f"create {shape}{' leaf' if leaf else ''}")
        made = self.on_machines(
            lambda i, m: m.tensor(data.tolist(), dtype=m.float64).reshape(shape).clone()
        )
        if leaf:
            for t in made:
                if t is not None:
                    t.requires_grad_()
        v = Value(data.copy(), made)
        flat = self.oracle.tensor(data.reshape(-1).tolist(), dtype=self.oracle.float64)
        if leaf:
            flat.requires_grad_()
            self.leaves.append((made, flat))
        self.start_memory(v, flat, leaf)
        self.values.append(v)

    def add(self, model: np.ndarray, make: Callable[[Any], Any], v: Value, what: str) -> None:
        """A view (or, for ``reshape`` where it must copy, a new tensor) of ``v``."""
        self.log.append(f"{self.values.index(v)}: {what}")
        made = self.on_machines(lambda i, m: make(v.tensors[i]))
        new = Value(model, made)
        if "copies" in what:
            self.start_memory(new, self.read_functional(v))
        else:
            new.history = v.history  # type: ignore[attr-defined]
        self.values.append(new)
        if len(self.values) > 10:
            del self.values[self.pick(len(self.values))]

    def compute(self) -> None:
        """An out-of-place op: some save operands, some their result."""
        v = self.any_value()
        a = v.model
        n = (self.pick(5) - 2) / 2
        w = self.any_value()
        if w.model.shape != a.shape:
            w = v
        rows: list[tuple[str, Any, Any]] = [
            ("scale", lambda x, y: x * n, lambda x, y: x * n),
            ("product", lambda x, y: x * y, lambda x, y: x * y),
            ("sum", lambda x, y: x + y, lambda x, y: x + y),
            ("tanh", lambda x, y: np.tanh(x), lambda x, y: x.tanh()),
            ("exp", lambda x, y: np.exp(-x * x), lambda x, y: (-x * x).exp()),
            ("clone", lambda x, y: x, lambda x, y: x.clone()),
        ]
        name, model, tensor = rows[self.pick(len(rows))]
        self.log.append(f"{name} of {self.values.index(v)} and {self.values.index(w)} ({n})")
        clone = name == "clone"  # keeps the order of dimensions; other results are contiguous

        def result(i: int, m: ModuleType) -> Any:
            t = tensor(v.tensors[i], w.tensors[i])
            return t if clone else t.contiguous()

        made = self.on_machines(result)
        computed = self._as_laid_out(v) if clone else np.array(model(a, w.model), order="C")
        new = Value(computed, made)
        self.start_memory(new, tensor(self.read_functional(v), self.read_functional(w)))
        self.values.append(new)

    def _strided(self, v: Value, a: np.ndarray) -> None:
        """``as_strided`` of all of the memory: what lies outside ``a`` would get no gradient."""
        if a.size == _root(a).size and not _overlaps_itself(a):
            super()._strided(v, a)

    def _as_laid_out(self, v: Value) -> np.ndarray:
        """A copy of the model in the order of dimensions that the machines give a clone."""
        alive = v.tensors[self.alive.index(True)] if any(self.alive) else None
        strides = None if alive is None else alive.detach().clone().stride()
        return _laid_out(v.model, strides)

    def separate(self) -> None:
        """``detach`` or ``.data``: the same memory with a history of its own."""
        v = self.any_value()
        self.log.append(f"detach {self.values.index(v)}")
        data = bool(self.pick(2))

        def detached(i: int, m: ModuleType) -> Any:
            # PyTorch does not notice writes through .data and differentiates at the new values.
            return v.tensors[i].data if data and m.__name__ != "torch" else v.tensors[i].detach()

        made = self.on_machines(detached)
        new = Value(v.model, made)
        h = History(self.history(v).flat.detach(), False)
        self.memories[id(_root(v.model))].histories.append(h)
        new.history = h  # type: ignore[attr-defined]
        self.values.append(new)

    def _operand_value(self, shape: tuple[int, ...], a: np.ndarray) -> tuple[Any, list[Any], Any]:
        """(model, tensors, functional) of a right-hand side that broadcasts to the shape."""
        for _ in range(4):
            w = self.any_value()
            try:
                fits = np.broadcast_shapes(w.model.shape, shape) == tuple(shape)
            except ValueError:
                continue
            if fits:
                functional = self.read_functional(w)
                if np.may_share_memory(w.model, a):
                    made = self.on_machines(lambda i, m, w=w: w.tensors[i].clone())
                    return w.model.copy(), made, functional
                return w.model, w.tensors, functional
        value = self.number() / 4
        tensors = [m.tensor(value, dtype=m.float64) for m in self.machines]
        return np.float64(value), tensors, self.oracle.tensor(value, dtype=self.oracle.float64)

    def write(self) -> None:
        v = self.writable()
        if v is None or (self.history(v).leaf and self.pick(3)):
            return
        recorded = not self.history(v).leaf and self.pick(6) > 0
        self.log.append(f"write {self.values.index(v)}{'' if recorded else ' (no_grad)'}")
        kinds = [self._write_arithmetic, self._write_values, self._write_at]
        # Everything is computed here: the new content of the view, functionally, and the write.
        new, apply = kinds[self.pick(len(kinds))](v, v.model)
        if new is None:
            return

        def on(i: int, m: ModuleType) -> None:
            if recorded:
                apply(i, m, v.tensors[i])
            else:
                with m.no_grad():
                    apply(i, m, v.tensors[i])

        self.on_machines(on)
        shape = v.model.shape
        self.write_functional(v, new.expand(shape) if shape else new.reshape(()), recorded)
        v.model[...] = np.array(new.tolist()).reshape(new.shape)

    def _write_arithmetic(self, v: Value, a: np.ndarray) -> tuple[Any, Any]:
        x = self.read_functional(v)
        _, made, functional = self._operand_value(a.shape, a)
        kind = self.pick(5)
        self.log.append(f"  arithmetic {kind}")
        n = (self.pick(5) - 2) / 2
        if kind == 0:
            return x + functional, lambda i, m, t: t.add_(made[i])
        if kind == 1:
            return x * functional, lambda i, m, t: t.mul_(made[i])
        if kind == 2:
            return x * n, lambda i, m, t: t.mul_(n)
        if kind == 3:
            return x.tanh(), lambda i, m, t: t.tanh_()
        return x - functional * n, lambda i, m, t: t.sub_(made[i], alpha=n)

    def _write_values(self, v: Value, a: np.ndarray) -> tuple[Any, Any]:
        kind = self.pick(4)
        self.log.append(f"  values {kind}")
        n = self.number() / 4
        if kind == 0:
            full = self.oracle.full(a.shape, n, dtype=self.oracle.float64)
            return full, lambda i, m, t: t.fill_(n)
        if kind == 1:
            return self.oracle.zeros(a.shape, dtype=self.oracle.float64), lambda i, m, t: t.zero_()
        _, made, functional = self._operand_value(a.shape, a)
        new = functional + self.oracle.zeros(a.shape, dtype=self.oracle.float64)
        if kind == 2:
            return new, lambda i, m, t: t.copy_(made[i])
        return new, lambda i, m, t: t.__setitem__(Ellipsis, made[i])

    def _write_at(self, v: Value, a: np.ndarray) -> tuple[Any, Any]:
        """Writes to a part of the view: by basic index, mask, or index tensor."""
        x = self.read_functional(v)
        if not a.size or not a.ndim:
            return None, None
        kind = self.pick(5)
        self.log.append(f"  at {kind}")
        n = self.number() / 4
        places = np.arange(a.size).reshape(a.shape)
        if kind <= 1:
            mask = np.array([self.pick(2) == 1 for _ in range(a.size)], bool).reshape(a.shape)
            chosen = places[mask]
            make = lambda m: m.tensor(mask.tolist(), dtype=m.bool)
            if kind == 0:
                return self._put(x, chosen, self._constant(chosen.shape, n)), (
                    lambda i, m, t: t.masked_fill_(make(m), n)
                )
            return self._put(x, chosen, self._constant(chosen.shape, n)), (
                lambda i, m, t: t.__setitem__(make(m), n)
            )
        if kind == 2:
            key = self._index(a)
            chosen = places[(*key, Ellipsis)] if Ellipsis not in key else places[key]
            _, made, functional = self._operand_value(chosen.shape, a)
            return self._put(x, chosen, functional), lambda i, m, t: t.__setitem__(key, made[i])
        rows = self._positions(a.shape[0], 1 + self.pick(3))
        chosen = places[rows]
        _, made, functional = self._operand_value(chosen.shape, a)
        accumulate = kind == 4
        if accumulate:
            value = functional + self._constant(chosen.shape, 0.0)
            old = x.reshape(-1)[self._index_tensor(chosen)].reshape(chosen.shape)
            functional = old + value
        return self._put(x, chosen, functional), (
            lambda i, m, t: t.index_put_((m.tensor(rows),), made[i], accumulate=accumulate)
        )

    def _constant(self, shape: tuple[int, ...], value: float) -> Any:
        return self.oracle.full(shape, value, dtype=self.oracle.float64)

    def _index_tensor(self, places: np.ndarray) -> Any:
        return self.oracle.tensor(places.reshape(-1).tolist(), dtype=self.oracle.int64)

    def _put(self, x: Any, places: np.ndarray, value: Any) -> Any:
        """``x`` with ``value`` (which broadcasts to the places' shape) at these flat places."""
        wide = value + self._constant(places.shape, 0.0)
        flat = x.reshape(-1).index_put((self._index_tensor(places),), wide.reshape(-1))
        return flat.reshape(x.shape)

    def step(self) -> None:
        kinds = [
            self.view, self.view, self.write, self.write, self.compute, self.compute,
            self.separate, self.flush, self.create,
        ]  # fmt: skip
        kinds[self.pick(len(kinds))]()

    # --- the gradients ---

    def gradients(self, second: bool) -> None:
        """Backward from a weighted sum of all tensors, on every machine; compare the leaves."""
        losses = self.on_machines(
            lambda i, m: _weighted_sum(m, [v.tensors[i] for v in self.values])
        )
        reference = _weighted_sum(self.oracle, [self.read_functional(v) for v in self.values])
        for _ in range(self.pick(3)):  # modifies what was saved, after the loss was computed
            self.write()
        wanted = _leaf_gradients(self.oracle, reference, [flat for _, flat in self.leaves], second)

        def on(i: int, m: ModuleType) -> None:
            leaves = [made[i] for made, _ in self.leaves]
            got = _leaf_gradients(m, losses[i], leaves, second)
            for mine, theirs in zip(got, wanted, strict=True):
                a = np.array(mine.reshape(-1).tolist())
                b = np.array(theirs.reshape(-1).tolist())
                assert np.allclose(a, b, rtol=1e-7, atol=1e-9), (m.__name__, self.log, a, b)

        self.on_machines(on)

    def check(self) -> None:
        for v in self.values:
            for i, m in enumerate(self.machines):
                if self.alive[i]:
                    got = np.array(v.tensors[i].tolist()).reshape(v.model.shape)
                    assert np.allclose(got, v.model, rtol=1e-9), (
                        m.__name__,
                        self.log,
                        got,
                        v.model,
                    )
            wanted = self.history(v).flat.requires_grad
            for i, m in enumerate(self.machines):
                if self.alive[i]:
                    have = v.tensors[i].requires_grad
                    assert have or not wanted, (m.__name__, self.log)


class _WithValue:
    """``apply(x, value)``: the value with the gradient of ``x``: a write unseen by history."""

    _made: dict[str, Any] = {}

    @classmethod
    def of(cls, module: ModuleType) -> Any:
        found = cls._made.get(module.__name__)
        if found is None:

            class WithValue(module.autograd.Function):  # type: ignore[name-defined,misc]
                @staticmethod
                def forward(ctx: Any, x: Any, value: Any) -> Any:
                    return value.clone()

                @staticmethod
                def backward(ctx: Any, grad: Any) -> Any:
                    return grad, None

            found = cls._made[module.__name__] = WithValue
        return found


def _weighted_sum(m: ModuleType, tensors: list[Any]) -> Any:
    total = m.zeros((), dtype=m.float64)
    for k, t in enumerate(tensors):
        weights = m.arange(1, t.numel() + 1, dtype=m.float64).reshape(tuple(t.shape)) / (k + 3)
        total = total + (t * weights).sum()
    return total


def _leaf_gradients(m: ModuleType, loss: Any, leaves: list[Any], second: bool) -> list[Any]:
    if not loss.requires_grad or not leaves:
        return [m.zeros_like(x) for x in leaves]
    grads = m.autograd.grad(loss, leaves, create_graph=second, allow_unused=True)
    if second:
        used = [(g * g).sum() for g in grads if g is not None and g.requires_grad]
        total = sum(used[1:], used[0]) if used else None
        grads = m.autograd.grad(total, leaves, allow_unused=True) if used else [None] * len(leaves)
    return [m.zeros_like(x) if g is None else g for x, g in zip(leaves, grads, strict=True)]


def run(
    pick: Callable[[int], int], machines: list[ModuleType], oracle: ModuleType, steps: int
) -> GradientSession:
    """Run a program, check all values and compare the gradients of all leaves."""
    with np.errstate(all="ignore"):
        session = GradientSession(pick, machines, oracle)
        every_step = bool(pick(2))
        for _ in range(steps):
            session.step()
            if every_step:
                session.check()
        session.gradients(second=pick(3) == 0)
        session.check()
    return session
