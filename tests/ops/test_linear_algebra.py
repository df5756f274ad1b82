"""Factorizations, einsum, sorting and statistics by their defining properties and golden values."""

from __future__ import annotations

import math

import pytest

import rushlight as rl
from rushlight.autograd import gradcheck
from rushlight.testing import assert_close

A = rl.tensor([[4.0, 1.0, 2.0], [1.0, 3.0, 0.0], [2.0, 0.0, 5.0]], dtype=rl.float64)


def test_factors_multiply_to_the_matrix():
    q, r = rl.linalg.qr(A)
    assert_close(q @ r, A)
    u, s, vh = rl.linalg.svd(A)
    assert_close(u @ rl.diag(s) @ vh, A)
    w, v = rl.linalg.eigh(A)
    assert_close(v @ rl.diag(w) @ v.mT, A)
    lower = rl.linalg.cholesky(A)
    assert_close(lower @ lower.mT, A)
    assert_close(lower.triu(1), rl.zeros_like(A))


def test_solvers():
    b = rl.tensor([1.0, 2.0, 3.0], dtype=rl.float64)
    assert_close(A @ rl.linalg.solve(A, b), b)
    assert_close(A @ rl.linalg.inv(A), rl.eye(3, dtype=rl.float64))
    tall = A[:, :2]
    p = rl.linalg.pinv(tall)
    assert_close(tall @ p @ tall, tall.clone())
    assert_close(rl.linalg.lstsq(tall, b).solution, p @ b)
    assert_close(rl.linalg.det(A), rl.tensor(43.0, dtype=rl.float64))
    assert rl.linalg.matrix_rank(rl.ones(3, 3)).item() == 1


def test_failures_come_in_the_call():
    singular = rl.tensor([[1.0, 2.0], [2.0, 4.0]])
    with pytest.raises(rl.linalg.LinAlgError, match=r"linalg\.inv: The diagonal element 2"):
        rl.linalg.inv(singular)
    with pytest.raises(
        rl.linalg.LinAlgError, match=r"linalg\.inv: \(Batch element 1\): The diagonal"
    ):
        rl.linalg.inv(rl.stack([rl.eye(2), singular]))
    with pytest.raises(rl.linalg.LinAlgError, match="leading minor of order 1"):
        rl.linalg.cholesky(-rl.eye(2))
    with pytest.raises(RuntimeError, match="must be batches of square matrices"):
        rl.linalg.inv(rl.ones(2, 3))
    with pytest.raises(RuntimeError, match="Expected a floating point or complex tensor"):
        rl.linalg.inv(rl.ones(2, 2, dtype=rl.int64))


@pytest.mark.parametrize(
    "f",
    [
        rl.linalg.cholesky,
        lambda a: rl.linalg.eigh(a)[1].abs(),
        lambda a: rl.linalg.svd(a[:2], full_matrices=False)[0].abs(),
        lambda a: rl.linalg.lstsq(a[:, :2], a).solution,
        lambda a: rl.linalg.solve_triangular(a.tril(), a, upper=False),
    ],
)
def test_gradients_of_factorizations_of_symmetric_matrices(f):
    a = A.clone().requires_grad_()
    assert gradcheck(lambda x: f((x + x.mT) / 2), (a,))


@pytest.mark.parametrize(
    ("equation", "expected"),
    [
        ("ij,jk->ik", lambda a: a @ a),
        ("ii", lambda a: a.trace()),
        ("ii->i", lambda a: a.diagonal()),
        ("ij->ji", lambda a: a.t()),
        ("ij,ij->", lambda a: (a * a).sum()),
        ("...i,...i->...", lambda a: (a * a).sum(-1)),
        ("ij,ij->ij", lambda a: a * a),
        ("ij,kj->ikj", lambda a: a.unsqueeze(1) * a),
    ],
)
def test_einsum(equation, expected):
    operands = [A] * (equation.count(",") + 1)
    assert_close(rl.einsum(equation, *operands), expected(A).clone())


def test_einsum_of_lists_and_its_errors():
    assert_close(rl.einsum(A, [0, 1], A, [1, 2], [0, 2]), A @ A)
    with pytest.raises(RuntimeError, match="output subscript z does not appear"):
        rl.einsum("ij->iz", A)
    with pytest.raises(RuntimeError, match="fewer operands were provided"):
        rl.einsum("ij,jk", A)
    with pytest.raises(RuntimeError, match="does not broadcast with previously seen size"):
        rl.einsum("i,i", A[0], A[0, :2])


def test_nan_is_the_largest_value():
    x = rl.tensor([3.0, math.nan, 1.0])
    assert x.sort().indices.tolist() == [2, 0, 1]
    assert x.sort(descending=True).indices.tolist() == [1, 0, 2]
    assert math.isnan(x.median())
    assert x.nanmedian() == 1
    assert x.topk(1).indices.tolist() == [1]


def test_equal_elements_keep_their_order():
    x = rl.tensor([1, 0, 1, 0])
    assert x.argsort().tolist() == [1, 3, 0, 2]
    assert x.argsort(descending=True).tolist() == [0, 2, 1, 3]


def test_unique_values():
    values, inverse, counts = rl.unique(
        rl.tensor([3, 1, 3]), return_inverse=True, return_counts=True
    )
    assert (values.tolist(), inverse.tolist(), counts.tolist()) == ([1, 3], [1, 0, 1], [1, 2])
    assert rl.unique_consecutive(rl.tensor([1, 1, 2, 1])).tolist() == [1, 2, 1]


def test_counts_and_quantiles():
    assert rl.bincount(rl.tensor([1, 2, 2]), minlength=4).tolist() == [0, 1, 2, 0]
    assert rl.histc(rl.tensor([1.0, 2.0, 1.0]), 4, 0, 3).tolist() == [0.0, 2.0, 1.0, 0.0]
    assert rl.quantile(rl.tensor([1.0, 2.0, 3.0, 4.0]), 0.5).item() == 2.5
    assert rl.nanquantile(rl.tensor([1.0, math.nan, 3.0]), 0.5).item() == 2.0
    with pytest.raises(RuntimeError, match="only supports 1-d non-negative integral inputs"):
        rl.bincount(rl.tensor([-1]))


def test_what_is_no_tensor_is_named():
    with pytest.raises(
        TypeError, match=r"gather\(\): argument 'index' \(position 3\) must be Tensor"
    ):
        rl.gather(rl.ones(2), 0, [0, 1])
    with pytest.raises(TypeError, match=r"softmax\(\): argument 'input' \(position 1\) must be"):
        rl.softmax("x", 0)
