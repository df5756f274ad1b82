"""What parameters and samples of distributions may be; ``check(value)`` gives booleans."""

from __future__ import annotations

from typing import Any

from ..tensor import Tensor


class Constraint:
    """A set of values.

    Attributes:
        is_discrete: whether it is a set of separate values.
        event_dim: how many dimensions on the right belong to one value.
    """

    is_discrete = False
    event_dim = 0

    def check(self, value: Tensor) -> Tensor:
        """Whether each value is in the set."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"{type(self).__name__.lstrip('_')}()"


class _Dependent(Constraint):
    """A set that depends on other parameters: not checked."""


class _Boolean(Constraint):
    is_discrete = True

    def check(self, value: Tensor) -> Tensor:
        """Whether each value is in the set."""
        return (value == 0) | (value == 1)


class _OneHot(Constraint):
    is_discrete = True
    event_dim = 1

    def check(self, value: Tensor) -> Tensor:
        """Whether each value is in the set."""
        is_boolean = (value == 0) | (value == 1)
        return is_boolean.all(-1) & value.sum(-1).eq(1)


class _Bounded(Constraint):
    """A constraint with one or two bounds, which it prints."""

    def __init__(self, **bounds: Any) -> None:
        self.__dict__.update(bounds)

    def __repr__(self) -> str:
        text = ", ".join(f"{name}={value}" for name, value in self.__dict__.items())
        return f"{type(self).__name__.lstrip('_')}({text})"


class _IntegerInterval(_Bounded):
    is_discrete = True

    def check(self, value: Tensor) -> Tensor:
        """Whether each value is in the set."""
        low, high = self.__dict__.values()
        return (value % 1 == 0) & (low <= value) & (value <= high)


class _IntegerGreaterThan(_Bounded):
    is_discrete = True

    def check(self, value: Tensor) -> Tensor:
        """Whether each value is in the set."""
        (low,) = self.__dict__.values()
        return (value % 1 == 0) & (value >= low)


class _Real(Constraint):
    def check(self, value: Tensor) -> Tensor:
        """Whether each value is in the set."""
        return value == value


class _GreaterThan(_Bounded):
    def check(self, value: Tensor) -> Tensor:
        """Whether each value is in the set."""
        (low,) = self.__dict__.values()
        return low < value


class _GreaterThanEq(_Bounded):
    def check(self, value: Tensor) -> Tensor:
        """Whether each value is in the set."""
        (low,) = self.__dict__.values()
        return low <= value


class _LessThan(_Bounded):
    def check(self, value: Tensor) -> Tensor:
        """Whether each value is in the set."""
        (high,) = self.__dict__.values()
        return value < high


class _Interval(_Bounded):
    def check(self, value: Tensor) -> Tensor:
        """Whether each value is in the set."""
        low, high = self.__dict__.values()
        return (low <= value) & (value <= high)


class _Simplex(Constraint):
    event_dim = 1

    def check(self, value: Tensor) -> Tensor:
        """Whether each value is in the set."""
        return (value >= 0).all(-1) & ((value.sum(-1) - 1).abs() < 1e-6)


class _LowerCholesky(Constraint):
    event_dim = 2

    def check(self, value: Tensor) -> Tensor:
        """Whether each value is in the set."""
        lower = (value.tril() == value).flatten(-2).all(-1)
        return lower & (value.diagonal(dim1=-2, dim2=-1) > 0).all(-1)


class _PositiveDefinite(Constraint):
    event_dim = 2

    def check(self, value: Tensor) -> Tensor:
        """Whether each value is in the set."""
        from ..linalg import eigvalsh

        symmetric = (value - value.mT).abs().flatten(-2).amax(-1) < 1e-6
        return symmetric & (eigvalsh(value.detach()) > 0).all(-1)


class _Independent(Constraint):
    """A constraint whose values have further dimensions on the right."""

    def __init__(self, base: Constraint, reinterpreted_batch_ndims: int) -> None:
        self.base_constraint = base
        self.reinterpreted_batch_ndims = reinterpreted_batch_ndims

    @property
    def is_discrete(self) -> bool:  # type: ignore[override]
        """Whether it is a set of separate values."""
        return self.base_constraint.is_discrete

    @property
    def event_dim(self) -> int:  # type: ignore[override]
        """How many dimensions belong to one value."""
        return self.base_constraint.event_dim + self.reinterpreted_batch_ndims

    def check(self, value: Tensor) -> Tensor:
        """Whether each value is in the set."""
        found = self.base_constraint.check(value)
        n = self.reinterpreted_batch_ndims
        return found.reshape((*found.shape[: found.dim() - n], -1)).all(-1) if n else found

    def __repr__(self) -> str:
        return f"IndependentConstraint({self.base_constraint!r}, {self.reinterpreted_batch_ndims})"


def integer_interval(lower_bound: Any, upper_bound: Any) -> Constraint:
    """Integers between two bounds, both included."""
    return _IntegerInterval(lower_bound=lower_bound, upper_bound=upper_bound)


def interval(lower_bound: Any, upper_bound: Any) -> Constraint:
    """Numbers between two bounds, both included."""
    return _Interval(lower_bound=lower_bound, upper_bound=upper_bound)


def greater_than(lower_bound: Any) -> Constraint:
    """Numbers above a bound."""
    return _GreaterThan(lower_bound=lower_bound)


def greater_than_eq(lower_bound: Any) -> Constraint:
    """Numbers from a bound on."""
    return _GreaterThanEq(lower_bound=lower_bound)


def less_than(upper_bound: Any) -> Constraint:
    """Numbers below a bound."""
    return _LessThan(upper_bound=upper_bound)


def independent(base: Constraint, reinterpreted_batch_ndims: int) -> Constraint:
    """``base`` for values with further dimensions on the right."""
    return _Independent(base, reinterpreted_batch_ndims)


dependent: Constraint = _Dependent()
boolean: Constraint = _Boolean()
one_hot: Constraint = _OneHot()
real: Constraint = _Real()
real_vector = independent(real, 1)
positive = greater_than(0.0)
nonnegative = greater_than_eq(0.0)
unit_interval = interval(0.0, 1.0)
nonnegative_integer: Constraint = _IntegerGreaterThan(lower_bound=0)
positive_integer: Constraint = _IntegerGreaterThan(lower_bound=1)
simplex: Constraint = _Simplex()
lower_cholesky: Constraint = _LowerCholesky()
positive_definite: Constraint = _PositiveDefinite()


def is_dependent(constraint: Constraint) -> bool:
    """Whether a constraint depends on other parameters and is not checked."""
    return isinstance(constraint, _Dependent)
