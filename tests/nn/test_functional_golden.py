"""Functional forms against values of PyTorch 2.13, their gradients against differences."""

from __future__ import annotations

import pytest

import rushlight as torch
from rushlight.nn import functional as F

GOLDEN = [
    ("F.softmax(x, 1)", [0.17529, 0.039113, 0.785597, 0.71844, 0.205837, 0.075723]),
    ("F.log_softmax(x, 1)", [-1.741311, -3.241311, -0.241311, -0.330673, -1.580673, -2.580673]),
    ("F.gelu(x)", [0.345731, -0.158655, 1.9545, 1.399789, 0.149677, -0.169971]),
    (
        "F.gelu(x, approximate='tanh')",
        [0.345714, -0.158808, 1.954598, 1.399572, 0.149675, -0.170039],
    ),
    ("F.mish(x)", [0.375245, -0.303401, 1.943959, 1.403378, 0.169572, -0.276495]),
    ("F.selu(x)", [0.525351, -1.111331, 2.101402, 1.576051, 0.262675, -0.927632]),
    ("F.softplus(x)", [0.974077, 0.313262, 2.126928, 1.701413, 0.825939, 0.386871]),
    ("F.cross_entropy(x, t)", [0.285992]),
    ("F.cross_entropy(x, t, label_smoothing=0.1)", [0.419325]),
    ("F.cross_entropy(x, p)", [1.285992]),
    ("F.nll_loss(F.log_softmax(x, 1), t, weight=torch.tensor([1.0, 2.0, 3.0]))", [0.263652]),
    ("F.binary_cross_entropy(p, 1 - p)", [1.126977]),
    ("F.binary_cross_entropy_with_logits(x, p)", [0.804748]),
    ("F.kl_div(x.log_softmax(1), p, reduction='batchmean')", [0.322193]),
    ("F.smooth_l1_loss(x, p)", [0.468542]),
    ("F.huber_loss(x, p, delta=0.5)", [0.321875]),
    ("F.poisson_nll_loss(x, p)", [2.35729]),
    ("F.gaussian_nll_loss(x, p, p)", [0.692449]),
    ("F.cosine_similarity(x, p)", [0.566394, 0.608696]),
    ("F.pairwise_distance(x, p)", [2.007486, 1.391043]),
    ("F.triplet_margin_loss(x, p, p + 1)", [0.36072]),
    ("F.multi_margin_loss(x, t, margin=2.0)", [0.208333]),
    ("F.multilabel_soft_margin_loss(x, p)", [0.804748]),
    ("F.normalize(x)", [0.218218, -0.436436, 0.872872, 0.884652, 0.147442, -0.442326]),
    ("F.layer_norm(x, (3,))", [0.0, -1.224741, 1.224741, 1.267493, -0.090535, -1.176958]),
    ("F.rms_norm(x, (3,))", [0.377964, -0.755929, 1.511858, 1.532262, 0.255377, -0.766131]),
    (
        "F.batch_norm(x, None, None, training=True)",
        [-0.99998, -0.999987, 0.999997, 0.99998, 0.999987, -0.999997],
    ),
    (
        "F.local_response_norm(x.view(1, 2, 3), 2)",
        [0.499995, -0.999963, 1.9997, 1.499859, 0.24999, -0.749872],
    ),
    (
        "F.interpolate(x.view(1, 1, 2, 3), scale_factor=2, mode='bilinear')[0, 0, 1]",
        [0.75, 0.390625, -0.328125, -0.1875, 0.8125, 1.3125],
    ),
    (
        "F.interpolate(x.view(1, 1, 2, 3), size=(1, 5), mode='bicubic')",
        [1.132, 0.3945, -0.375, 0.138, 0.721],
    ),
    (
        "F.interpolate(x.view(1, 2, 3), size=5)",
        [0.5, 0.5, -1.0, -1.0, 2.0, 1.5, 1.5, 0.25, 0.25, -0.75],
    ),
    ("F.lp_pool1d(x.view(1, 2, 3).abs(), 2, 2, 1)", [1.118034, 2.236068, 1.520691, 0.790569]),
    ("F.adaptive_avg_pool1d(x.view(1, 2, 3), 2)", [-0.25, 0.5, 0.875, -0.25]),
    ("F.unfold(x.view(1, 1, 2, 3), 2)", [0.5, -1.0, -1.0, 2.0, 1.5, 0.25, 0.25, -0.75]),
    ("F.fold(torch.arange(8.0).view(1, 4, 2), (2, 3), 2)", [0.0, 3.0, 3.0, 4.0, 11.0, 7.0]),
    (
        "F.scaled_dot_product_attention(x, x, p)",
        [0.210552, 0.294724, 0.494724, 0.561417, 0.119291, 0.319291],
    ),
    (
        "F.scaled_dot_product_attention(x, x, p, is_causal=True)",
        [0.2, 0.3, 0.5, 0.561417, 0.119291, 0.319291],
    ),
    ("F.glu(x[:, :2])", [0.134471, 0.843265]),
    ("F.bilinear(x, p, torch.ones(2, 3, 3))", [1.5, 1.5, 1.0, 1.0]),
    ("F.pad(x, (1, 0), value=9.0)", [9.0, 0.5, -1.0, 2.0, 9.0, 1.5, 0.25, -0.75]),
    (
        "F.embedding_bag(torch.tensor([0, 1, 1]), x, torch.tensor([0, 2]), mode='mean')",
        [1.0, -0.375, 0.625, 1.5, 0.25, -0.75],
    ),
    ("F.pixel_shuffle(torch.arange(4.0).view(1, 4, 1, 1), 2)", [0.0, 1.0, 2.0, 3.0]),
]


@pytest.mark.parametrize(("source", "expected"), GOLDEN)
def test_value(source, expected):
    x = torch.tensor([[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]])
    env = {"torch": torch, "F": F, "x": x, "t": torch.tensor([2, 0])}
    env["p"] = torch.tensor([[0.2, 0.3, 0.5], [0.6, 0.1, 0.3]])
    assert eval(source, env).flatten().tolist() == pytest.approx(expected, abs=2e-6)


DIFFERENTIABLE = [
    "F.interpolate(x, scale_factor=1.7, mode='bilinear')",
    "F.interpolate(x, size=(3, 5), mode='bicubic', align_corners=True)",
    "F.interpolate(x, size=(2, 3), mode='bicubic', antialias=True)",
    "F.interpolate(x, size=7)",
    "F.unfold(x, 2, padding=1, stride=2)",
    "F.fold(x.flatten(2), (3, 5), (2, 1), padding=(0, 1), stride=2)[..., :2]",
    "F.local_response_norm(x, 3, alpha=0.5)",
    "F.rms_norm(x, (4,), eps=1e-3)",
    "F.instance_norm(x)",
    "F.lp_pool2d(x.abs() + 1, 3, 2)",
    "F.bilinear(x, x.flip(0), torch.ones(2, 4, 4, dtype=x.dtype))",
    "F.cosine_similarity(x, x.flip(3), dim=3)",
    "F.pairwise_distance(x, x.flip(0), p=3)",
    "F.pixel_shuffle(x, 2)",
    "F.pixel_unshuffle(x, 2)",
    "F.channel_shuffle(x, 2)",
    "F.scaled_dot_product_attention(x, x.flip(3), x.flip(0), is_causal=True)",
    "F.cosine_embedding_loss(x.flatten(1), x.flip(3).flatten(1), sign)",
    "F.triplet_margin_loss(x, x.flip(0), x.flip(3), swap=True)",
    "F.multi_margin_loss(x.flatten(1), label, p=2)",
    "F.multilabel_soft_margin_loss(x.flatten(1), (x.flatten(1) > 0).to(x.dtype))",
    "F.poisson_nll_loss(x, torch.full_like(x, 2.0), full=True)",
    "F.gaussian_nll_loss(x, x.flip(0), x.abs() + 0.5)",
]


@pytest.mark.parametrize("source", DIFFERENTIABLE)
def test_gradient(source):
    generator = torch.Generator().manual_seed(3)
    start = torch.randn(2, 4, 2, 4, generator=generator, dtype=torch.float64, requires_grad=True)
    env = {"F": F, "torch": torch, "sign": torch.tensor([1.0, -1.0], dtype=torch.float64)}
    env["label"] = torch.tensor([3, 30])
    if ".fold(" in source:
        start = torch.randn(2, 4, 2, 2, generator=generator, dtype=torch.float64)
        start.requires_grad_()

    def function(x):
        return eval(source, {**env, "x": x})

    assert torch.autograd.gradcheck(function, (start,))


def test_dropout_draws_pytorchs_masks():
    torch.manual_seed(0)
    assert F.dropout(torch.ones(8), 0.5).tolist() == [0, 0, 2, 0, 0, 0, 2, 2]


def test_implicit_dimension_warns():
    x = torch.ones(2, 3)
    with pytest.warns(UserWarning, match="Implicit dimension choice for log_softmax"):
        assert F.log_softmax(x).exp().sum(1).tolist() == pytest.approx([1, 1])


def test_loss_of_broadcast_sizes_warns():
    with pytest.warns(UserWarning, match="that is different to the input size"):
        F.mse_loss(torch.ones(3), torch.ones(3, 1))


def test_legacy_reduction():
    x, y = torch.zeros(4), torch.ones(4)
    with pytest.warns(UserWarning, match="reduction='sum' instead"):
        assert F.mse_loss(x, y, size_average=False).item() == 4
    with pytest.warns(UserWarning, match="reduction='none' instead"):
        assert F.mse_loss(x, y, reduce=False).tolist() == [1, 1, 1, 1]


def test_embedding_scales_long_rows_down():
    weight = torch.tensor([[3.0, 4.0], [0.3, 0.4], [6.0, 8.0]])
    rows = F.embedding(torch.tensor([0, 1]), weight, max_norm=1.0)
    assert rows.flatten().tolist() == pytest.approx([0.6, 0.8, 0.3, 0.4], abs=1e-5)
    assert weight[2].tolist() == [6, 8], "a row that is not looked up stays as it is"


def test_padding_row_gets_no_gradient():
    weight = torch.ones(3, 2, requires_grad=True)
    F.embedding(torch.tensor([0, 1, 1]), weight, padding_idx=1).sum().backward()
    assert weight.grad.tolist() == [[1, 1], [0, 0], [0, 0]]


def test_attention_without_any_partner_is_zero():
    x = torch.ones(2, 3)
    mask = torch.tensor([[True, False], [False, False]])
    assert F.scaled_dot_product_attention(x, x, x, attn_mask=mask).tolist() == [
        [1.0] * 3,
        [0.0] * 3,
    ]
