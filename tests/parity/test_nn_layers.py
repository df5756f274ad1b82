"""Every layer against PyTorch: repr, initial weights, forward, backward and buffers."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import rushlight  # noqa: E402

F32 = "f"


def array(*shape, kind=F32, high=4):
    """Numbers that both libraries get: normal, probabilities, class numbers or signs."""
    rng = np.random.default_rng(sum(shape) + len(shape))
    if kind == "p":
        return rng.uniform(0.05, 0.95, shape).astype(np.float32)
    if kind == "i":
        return rng.integers(0, high, shape)
    if kind == "s":
        return np.where(rng.uniform(size=shape) < 0.5, -1, 1).astype(np.float32)
    return rng.standard_normal(shape).astype(np.float32)


N = array
P = lambda *shape: array(*shape, kind="p")
S = lambda *shape: array(*shape, kind="s")
Ints = lambda *shape, high=4: array(*shape, kind="i", high=high)

# constructor, then the inputs of one call
CASES = [
    ("Identity(3, a=4)", N(2, 3)),
    ("Linear(5, 3)", N(4, 5)),
    ("Linear(5, 3)", N(5)),
    ("Linear(5, 3, bias=False)", N(2, 4, 5)),
    ("Linear(5, 3, dtype=torch.float64)", N(2, 5).astype(np.float64)),
    ("Bilinear(3, 4, 2)", N(5, 3), N(5, 4)),
    ("Bilinear(3, 4, 2, bias=False)", N(2, 5, 3), N(2, 5, 4)),
    ("Conv1d(3, 4, 3)", N(2, 3, 9)),
    ("Conv1d(3, 4, 3, padding='same', dilation=2)", N(3, 9)),
    ("Conv1d(2, 4, 3, padding=2, padding_mode='circular')", N(2, 2, 7)),
    ("Conv2d(1, 6, 5)", N(2, 1, 12, 12)),
    ("Conv2d(4, 6, (3, 2), stride=(2, 1), padding=(1, 0), dilation=1, groups=2)", N(2, 4, 7, 8)),
    ("Conv2d(2, 3, 3, bias=False)", N(2, 6, 6)),
    ("Conv2d(2, 3, 3, padding=1, padding_mode='reflect')", N(2, 2, 5, 6)),
    ("Conv2d(2, 3, 4, padding='same', padding_mode='replicate')", N(2, 2, 5, 6)),
    ("Conv2d(2, 3, 3, padding='valid')", N(1, 2, 5, 6)),
    ("Conv3d(2, 3, 2, padding=1)", N(2, 2, 4, 4, 3)),
    ("ConvTranspose1d(3, 2, 3, stride=2, padding=1, output_padding=1)", N(2, 3, 5)),
    ("ConvTranspose2d(4, 2, 3, stride=2, groups=2)", N(2, 4, 3, 4)),
    ("ConvTranspose2d(2, 2, 3, bias=False, dilation=2)", N(2, 3, 3)),
    ("ConvTranspose3d(2, 2, 2)", N(1, 2, 2, 3, 2)),
    ("MaxPool1d(3, stride=2, padding=1)", N(2, 3, 9)),
    ("MaxPool2d(2)", N(2, 3, 6, 6)),
    ("MaxPool2d((3, 2), stride=(2, 1), padding=1, dilation=1, ceil_mode=True)", N(3, 7, 6)),
    ("MaxPool3d(2)", N(1, 2, 4, 4, 4)),
    ("AvgPool1d(3, stride=2, padding=1, count_include_pad=False)", N(2, 3, 9)),
    ("AvgPool2d(2)", N(2, 3, 6, 6)),
    ("AvgPool2d(3, stride=2, padding=1, ceil_mode=True, divisor_override=5)", N(2, 3, 6, 6)),
    ("AvgPool3d(2)", N(1, 2, 4, 4, 4)),
    ("AdaptiveAvgPool1d(4)", N(2, 3, 9)),
    ("AdaptiveAvgPool2d((None, 3))", N(2, 3, 5, 7)),
    ("AdaptiveAvgPool2d(1)", N(2, 3, 5, 7)),
    ("AdaptiveAvgPool3d((1, None, 2))", N(2, 3, 2, 3, 4)),
    ("AdaptiveMaxPool1d(4)", N(2, 3, 9)),
    ("AdaptiveMaxPool2d((2, None))", N(2, 3, 5, 7)),
    ("AdaptiveMaxPool3d(2)", N(2, 3, 3, 4, 4)),
    ("LPPool1d(3, 2)", P(2, 3, 8)),
    ("LPPool2d(2, 2, stride=1)", P(2, 3, 4, 4)),
    ("LPPool3d(2, 2)", P(1, 2, 4, 4, 4)),
    ("BatchNorm1d(4)", N(5, 4)),
    ("BatchNorm1d(4, momentum=None)", N(5, 4, 3)),
    ("BatchNorm2d(3, eps=1e-3, momentum=0.3)", N(4, 3, 5, 5)),
    ("BatchNorm2d(3, affine=False)", N(4, 3, 5, 5)),
    ("BatchNorm2d(3, track_running_stats=False)", N(4, 3, 5, 5)),
    ("BatchNorm2d(3, bias=False)", N(4, 3, 5, 5)),
    ("BatchNorm2d(3).eval()", N(4, 3, 5, 5)),
    ("BatchNorm3d(2)", N(2, 2, 3, 3, 3)),
    ("InstanceNorm1d(3)", N(2, 3, 5)),
    ("InstanceNorm1d(3, affine=True)", N(3, 5)),
    ("InstanceNorm2d(3, affine=True, track_running_stats=True)", N(2, 3, 4, 4)),
    ("InstanceNorm3d(2)", N(1, 2, 3, 3, 3)),
    ("LayerNorm(6)", N(4, 6)),
    ("LayerNorm((3, 4), bias=False)", N(2, 3, 4)),
    ("LayerNorm(6, elementwise_affine=False)", N(4, 6)),
    ("GroupNorm(2, 4)", N(3, 4, 5)),
    ("GroupNorm(4, 4, affine=False)", N(3, 4, 2, 2)),
    ("GroupNorm(2, 4, bias=False)", N(3, 4, 2, 2)),
    ("RMSNorm(6)", N(4, 6)),
    ("RMSNorm((3, 4), eps=1e-3, elementwise_affine=False)", N(2, 3, 4)),
    ("LocalResponseNorm(3)", N(2, 5, 4)),
    ("LocalResponseNorm(2, alpha=0.1, beta=0.5, k=2.0)", N(2, 5, 4, 3)),
    ("Dropout(0.3)", N(6, 7)),
    ("Dropout(1.0)", N(6, 7)),
    ("Dropout(0.3).eval()", N(6, 7)),
    ("Dropout1d(0.4)", N(3, 4, 5)),
    ("Dropout1d(0.4)", N(4, 5)),
    ("Dropout2d(0.4)", N(3, 4, 2, 2)),
    ("Dropout3d(0.4)", N(3, 4, 2, 2, 2)),
    ("AlphaDropout(0.4, True)", N(6, 7)),
    ("FeatureAlphaDropout(0.4)", N(6, 7, 3)),
    ("ReLU()", N(3, 4)),
    ("ReLU6()", N(3, 4) * 6),
    ("LeakyReLU(0.2)", N(3, 4)),
    ("PReLU()", N(3, 4)),
    ("PReLU(4, init=0.1)", N(3, 4, 2)),
    ("RReLU()", N(5, 6)),
    ("RReLU(0.2, 0.4).eval()", N(5, 6)),
    ("ELU(1.5)", N(3, 4)),
    ("SELU()", N(3, 4)),
    ("CELU(0.7)", N(3, 4)),
    ("GELU()", N(3, 4)),
    ("GELU('tanh')", N(3, 4)),
    ("SiLU()", N(3, 4)),
    ("Mish()", N(3, 4)),
    ("Sigmoid()", N(3, 4)),
    ("LogSigmoid()", N(3, 4)),
    ("Tanh()", N(3, 4)),
    ("Softplus()", N(3, 4)),
    ("Softplus(2, 1)", N(3, 4)),
    ("Softsign()", N(3, 4)),
    ("Softmin(dim=1)", N(3, 4)),
    ("Softmax(dim=1)", N(3, 4)),
    ("Softmax(dim=-1)", N(2, 3, 4)),
    ("Softmax2d()", N(2, 3, 4, 2)),
    ("LogSoftmax(dim=0)", N(3, 4)),
    ("Hardtanh()", N(3, 4) * 2),
    ("Hardtanh(-0.5, 2)", N(3, 4) * 2),
    ("Hardsigmoid()", N(3, 4) * 3),
    ("Hardswish()", N(3, 4) * 3),
    ("Hardshrink(0.4)", N(3, 4)),
    ("Softshrink(0.4)", N(3, 4)),
    ("Tanhshrink()", N(3, 4)),
    ("Threshold(0.1, 20)", N(3, 4)),
    ("GLU()", N(3, 4)),
    ("GLU(0)", N(4, 3)),
    ("Flatten()", N(2, 3, 4)),
    ("Flatten(0, 1)", N(2, 3, 4)),
    ("Unflatten(1, (2, 3))", N(2, 6)),
    ("Embedding(10, 3)", Ints(4, 5, high=10)),
    ("Embedding(4, 3, padding_idx=1)", Ints(4, 5)),
    ("Embedding(4, 3, max_norm=1.0, norm_type=1.0)", Ints(4, 5)),
    ("Embedding(4, 3, scale_grad_by_freq=True)", Ints(4, 5)),
    ("EmbeddingBag(10, 3)", Ints(4, 5, high=10)),
    ("EmbeddingBag(10, 3, mode='sum')", Ints(9, high=10), np.array([0, 4, 4])),
    ("EmbeddingBag(10, 3, mode='max', padding_idx=2)", Ints(9, high=10), np.array([0, 4, 4])),
    (
        "EmbeddingBag(10, 3, mode='mean', include_last_offset=True)",
        Ints(9, high=10),
        np.array([0, 4, 9]),
    ),
    ("ZeroPad1d(2)", N(2, 3)),
    ("ZeroPad2d((1, 0, 2, 1))", N(2, 3, 4)),
    ("ZeroPad3d(1)", N(1, 2, 2, 2)),
    ("ConstantPad1d(1, 2.5)", N(2, 3)),
    ("ConstantPad2d(1, 3.5)", N(2, 3, 4)),
    ("ConstantPad3d(1, -1.0)", N(1, 2, 2, 2)),
    ("ReflectionPad1d(2)", N(2, 5)),
    ("ReflectionPad2d((1, 0, 2, 1))", N(2, 3, 4)),
    ("ReflectionPad3d(1)", N(1, 3, 3, 3)),
    ("ReplicationPad1d(2)", N(2, 3)),
    ("ReplicationPad2d(1)", N(2, 3, 4)),
    ("ReplicationPad3d(1)", N(1, 2, 2, 2)),
    ("CircularPad1d(2)", N(2, 5)),
    ("CircularPad2d(1)", N(1, 3, 4)),
    ("CircularPad3d(1)", N(1, 3, 3, 3)),
    ("Upsample(scale_factor=2)", N(1, 2, 3)),
    ("Upsample(size=(5, 4))", N(1, 2, 3, 3)),
    ("Upsample(scale_factor=1.7, mode='nearest-exact')", N(1, 2, 5, 4)),
    ("Upsample(scale_factor=1.5, mode='linear')", N(1, 2, 5)),
    ("Upsample(scale_factor=2.3, mode='bilinear')", N(1, 2, 5, 4)),
    ("Upsample(size=(3, 9), mode='bilinear', align_corners=True)", N(1, 2, 5, 4)),
    (
        "Upsample(scale_factor=2.3, mode='bilinear', recompute_scale_factor=True)",
        N(1, 2, 5, 4),
    ),
    ("Upsample(scale_factor=(1.5, 2), mode='bicubic')", N(1, 2, 5, 4)),
    ("Upsample(size=7, mode='bicubic', align_corners=True)", N(1, 2, 5, 4)),
    ("Upsample(scale_factor=2, mode='trilinear')", N(1, 2, 2, 3, 2)),
    ("UpsamplingNearest2d(scale_factor=2)", N(1, 2, 3, 3)),
    ("UpsamplingBilinear2d(size=5)", N(1, 2, 3, 3)),
    ("PixelShuffle(2)", N(2, 8, 3, 2)),
    ("PixelUnshuffle(2)", N(2, 3, 4, 6)),
    ("ChannelShuffle(2)", N(2, 4, 3)),
    ("Fold((4, 5), (2, 3), padding=1, stride=2)", N(2, 12, 9)),
    ("Unfold((2, 3), dilation=(1, 2), padding=1, stride=2)", N(2, 3, 6, 7)),
    ("CosineSimilarity(dim=1)", N(3, 4), P(3, 4)),
    ("PairwiseDistance(p=3, keepdim=True)", N(3, 4), P(3, 4)),
    ("L1Loss()", N(3, 4), P(3, 4)),
    ("MSELoss()", N(3, 4), P(3, 4)),
    ("MSELoss(reduction='sum')", N(3, 4), P(3, 4)),
    ("SmoothL1Loss(beta=0.5)", N(3, 4), P(3, 4)),
    ("SmoothL1Loss(beta=0.0)", N(3, 4), P(3, 4)),
    ("HuberLoss(delta=0.5, reduction='none')", N(3, 4), P(3, 4)),
    ("CrossEntropyLoss()", N(5, 4), Ints(5)),
    ("CrossEntropyLoss()", N(4), np.array(2)),
    ("CrossEntropyLoss(label_smoothing=0.2, ignore_index=1)", N(5, 4, 3), Ints(5, 3)),
    ("CrossEntropyLoss(torch.tensor([1., 2., 0.5, 1.]), label_smoothing=0.1)", N(5, 4), Ints(5)),
    ("CrossEntropyLoss(torch.tensor([1., 2., 0.5, 1.]))", N(5, 4), P(5, 4)),
    ("CrossEntropyLoss(reduction='none')", N(5, 4, 2, 2), Ints(5, 2, 2)),
    ("NLLLoss()", N(5, 4), Ints(5)),
    ("NLLLoss(torch.tensor([1., 2., 0.5, 1.]), reduction='sum')", N(5, 4, 3), Ints(5, 3)),
    ("BCELoss()", P(3, 4), P(4, 3).T.copy()),
    ("BCELoss(torch.tensor([1., 2., 0.5, 1.]))", P(3, 4), P(4, 3).T.copy()),
    ("BCEWithLogitsLoss()", N(3, 4), P(3, 4)),
    ("BCEWithLogitsLoss(pos_weight=torch.tensor([1., 2., 3., 4.]))", N(3, 4), P(3, 4)),
    ("KLDivLoss(reduction='batchmean')", N(3, 4), P(3, 4)),
    ("KLDivLoss(reduction='sum', log_target=True)", N(3, 4), P(3, 4)),
    ("PoissonNLLLoss()", N(3, 4), P(3, 4)),
    ("PoissonNLLLoss(log_input=False, full=True)", P(3, 4), P(3, 4) * 5),
    ("GaussianNLLLoss(full=True)", N(3, 4), P(3, 4), P(4, 3).T.copy()),
    ("HingeEmbeddingLoss()", N(3, 4), S(3, 4)),
    ("MarginRankingLoss(0.5)", N(3, 4), P(3, 4), S(3, 4)),
    ("CosineEmbeddingLoss(0.2)", N(3, 4), P(3, 4), S(3)),
    ("TripletMarginLoss(swap=True)", N(3, 4), P(3, 4), N(4, 3).T.copy()),
    ("TripletMarginLoss(p=1, margin=2.0)", N(3, 4), P(3, 4), N(4, 3).T.copy()),
    ("TripletMarginWithDistanceLoss()", N(3, 4), P(3, 4), N(4, 3).T.copy()),
    ("SoftMarginLoss()", N(3, 4), S(3, 4)),
    ("MultiMarginLoss()", N(5, 4), Ints(5)),
    ("MultiMarginLoss(2, 0.5, torch.tensor([1., 2., 3., 4.]))", N(5, 4), Ints(5)),
    ("MultiLabelMarginLoss()", N(2, 4), np.array([[3, 0, -1, 1], [2, -1, 0, 1]])),
    ("MultiLabelSoftMarginLoss(torch.tensor([1., 2., 3., 4.]))", N(3, 4), P(3, 4).round()),
    ("RNN(3, 4)", N(5, 2, 3)),
    ("RNN(3, 4, nonlinearity='relu', bias=False)", N(5, 3)),
    ("LSTM(3, 4)", N(5, 2, 3)),
    ("LSTM(3, 4, 2, batch_first=True, bidirectional=True)", N(2, 5, 3)),
    ("LSTM(3, 4, 2, dropout=0.4)", N(5, 2, 3)),
    ("LSTM(3, 4, proj_size=2, bidirectional=True)", N(5, 2, 3)),
    ("GRU(3, 4, 2)", N(5, 2, 3)),
    ("GRU(3, 4, bidirectional=True)", N(5, 3)),
    ("RNNCell(3, 4)", N(2, 3), N(2, 4)),
    ("RNNCell(3, 4, bias=False, nonlinearity='relu')", N(3)),
    ("LSTMCell(3, 4)", N(2, 3)),
    ("GRUCell(3, 4)", N(2, 3), N(2, 4)),
    ("MultiheadAttention(6, 2)", N(4, 2, 6), N(5, 2, 6), P(5, 2, 6)),
    (
        "MultiheadAttention(6, 3, kdim=4, vdim=5, batch_first=True, bias=False)",
        N(2, 4, 6),
        N(2, 5, 4),
        N(2, 5, 5),
    ),
    (
        "MultiheadAttention(6, 2, add_bias_kv=True, add_zero_attn=True)",
        N(4, 6),
        N(5, 6),
        P(5, 6),
    ),
    ("TransformerEncoderLayer(6, 2, 8)", N(4, 2, 6)),
    ("TransformerEncoderLayer(6, 2, 8, norm_first=True, activation='gelu')", N(4, 2, 6)),
    (
        "TransformerEncoder(nn.TransformerEncoderLayer(6, 2, 8, batch_first=True), 2)",
        N(2, 4, 6),
    ),
    ("TransformerDecoderLayer(6, 2, 8, dropout=0.0)", N(4, 2, 6), N(3, 2, 6)),
    (
        "TransformerDecoder(nn.TransformerDecoderLayer(6, 2, 8), 2, nn.LayerNorm(6))",
        N(4, 2, 6),
        N(3, 2, 6),
    ),
]


def flatten(value):
    """The tensors of a result, however nested."""
    if isinstance(value, (tuple, list)):
        return [tensor for member in value for tensor in flatten(member)]
    return [] if value is None else [value]


def run(lib, source, inputs):
    """Build a layer, call it, and differentiate the weighted sum of its outputs."""
    lib.manual_seed(7)
    layer = eval("nn." + source, {"torch": lib, "nn": lib.nn})
    text = repr(layer)
    initial = [p.detach().numpy().copy() for p in layer.parameters()]
    tensors = [lib.tensor(x) for x in inputs]
    for tensor in tensors:
        if tensor.is_floating_point() and not bool((tensor.abs() == 1).all()):  # not for signs
            tensor.requires_grad_()
    lib.manual_seed(8)
    outputs = flatten(layer(*tensors))
    total = sum((out * out.detach().cos()).sum() for out in outputs)
    if total.requires_grad:
        total.backward()
    return {
        "text": text,
        "initial": initial,
        "outputs": [out.detach().numpy() for out in outputs],
        "grads": [t.grad.numpy() for t in [*tensors, *layer.parameters()] if t.grad is not None],
        "state": {name: value.numpy() for name, value in layer.state_dict().items()},
        "drawn": lib.rand(1).item(),
    }


def case_id(case):
    return case[0] + " " + "x".join(str(n) for n in case[1].shape)


@pytest.mark.filterwarnings("ignore:LSTM with projections")
@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_layer(case):
    source, *inputs = case
    theirs = run(torch, source, inputs)
    ours = run(rushlight, source, inputs)
    assert ours["text"] == theirs["text"]
    normal = "Embedding" in source or "add_bias_kv" in source
    for mine, expected in zip(ours["initial"], theirs["initial"], strict=True):
        if normal:  # normal draws are equal to the last bits only
            np.testing.assert_allclose(mine, expected, rtol=1e-6, atol=1e-6)
        else:
            np.testing.assert_array_equal(mine, expected)
    for key in ("outputs", "grads"):
        assert len(ours[key]) == len(theirs[key])
        for mine, expected in zip(ours[key], theirs[key], strict=True):
            assert mine.dtype == expected.dtype
            assert mine.shape == expected.shape
            np.testing.assert_allclose(mine, expected, rtol=2e-5, atol=3e-6)
    assert list(ours["state"]) == list(theirs["state"])
    for name, mine in ours["state"].items():
        np.testing.assert_allclose(mine, theirs["state"][name], rtol=1e-5, atol=1e-6)
    assert ours["drawn"] == theirs["drawn"], "the layer drew another number of random numbers"


INPLACE = [
    "ReLU(True)",
    "ReLU6(True)",
    "LeakyReLU(0.2, True)",
    "RReLU(inplace=True)",
    "ELU(inplace=True)",
    "SELU(True)",
    "CELU(inplace=True)",
    "SiLU(True)",
    "Mish(True)",
    "Hardtanh(inplace=True)",
    "Hardsigmoid(True)",
    "Hardswish(True)",
    "Threshold(0.1, 2.0, True)",
    "Dropout(0.3, True)",
    "Dropout1d(0.3, True)",
]


@pytest.mark.parametrize("source", INPLACE)
def test_inplace(source):
    """The input is overwritten, and the gradient of what came before is right."""

    def overwrite(lib):
        lib.manual_seed(1)
        layer = eval("nn." + source, {"nn": lib.nn})
        leaf = lib.tensor(N(3, 4, 2), requires_grad=True)
        before = leaf * 1.5
        after = layer(before)
        assert after is before or after.data_ptr() == before.data_ptr()
        after.sum().backward()
        return repr(layer), before.detach().numpy(), leaf.grad.numpy()

    theirs, ours = overwrite(torch), overwrite(rushlight)
    assert ours[0] == theirs[0]
    np.testing.assert_allclose(ours[1], theirs[1], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(ours[2], theirs[2], rtol=1e-5, atol=1e-6)


def test_max_pool_indices_and_unpool():
    def there_and_back(lib):
        x = lib.tensor(N(2, 3, 6, 5), requires_grad=True)
        pool = lib.nn.MaxPool2d(2, stride=2, return_indices=True)
        values, indices = pool(x)
        unpool = lib.nn.MaxUnpool2d(2, stride=2)
        back = unpool(values, indices, output_size=x.size())
        (back * 2).sum().backward()
        return repr(unpool), indices.numpy(), back.detach().numpy(), x.grad.numpy()

    theirs, ours = there_and_back(torch), there_and_back(rushlight)
    assert ours[0] == theirs[0]
    for mine, expected in zip(ours[1:], theirs[1:], strict=True):
        np.testing.assert_array_equal(mine, expected)


def test_attention_with_masks():
    def attend(lib):
        lib.manual_seed(3)
        layer = lib.nn.MultiheadAttention(6, 2)
        x = lib.tensor(N(4, 2, 6), requires_grad=True)
        causal = lib.nn.Transformer.generate_square_subsequent_mask(4)
        padding = lib.tensor([[False, False, False, True], [False, False, True, True]])
        plain, weights = layer(x, x, x, attn_mask=causal.isinf(), key_padding_mask=padding)
        heads = layer(x, x, x, attn_mask=causal, average_attn_weights=False)[1]
        none = layer(x, x, x, need_weights=False)
        assert none[1] is None
        (plain.sum() + none[0].sum()).backward()
        return [t.detach().numpy() for t in (plain, weights, heads, none[0], x.grad)]

    for mine, expected in zip(attend(rushlight), attend(torch), strict=True):
        np.testing.assert_allclose(mine, expected, rtol=2e-5, atol=2e-6)


def test_transformer():
    def run_all(lib):
        lib.manual_seed(3)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # nested tensors, in both libraries
            net = lib.nn.Transformer(8, 2, 1, 2, 16, dropout=0.1)
        mask = net.generate_square_subsequent_mask(4)
        out = net(lib.tensor(N(5, 2, 8)), lib.tensor(N(4, 2, 8)), tgt_mask=mask)
        out.square().sum().backward()
        return repr(net), [out.detach().numpy(), *(p.grad.numpy() for p in net.parameters())]

    theirs, ours = run_all(torch), run_all(rushlight)
    assert ours[0] == theirs[0]
    for mine, expected in zip(ours[1], theirs[1], strict=True):
        np.testing.assert_allclose(mine, expected, rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize("source", ["LSTM(3, 4, 2, bidirectional=True)", "GRU(3, 4)"])
@pytest.mark.parametrize("given", [False, True], ids=["zeros", "state"])
def test_packed_sequences(source, given):
    def run_packed(lib):
        lib.manual_seed(5)
        layer = eval("nn." + source, {"nn": lib.nn})
        rnn = lib.nn.utils.rnn
        items = [lib.tensor(N(n, 3), requires_grad=True) for n in (2, 5, 3)]
        packed = rnn.pack_sequence(items, enforce_sorted=False)
        state = None
        if given:
            rows = layer.num_layers * (2 if layer.bidirectional else 1)
            state = lib.tensor(N(rows, 3, 4))
            state = (state, state * 2) if layer.mode == "LSTM" else state
        out, final = layer(packed, state)
        padded, lengths = rnn.pad_packed_sequence(out, batch_first=True, padding_value=-1.0)
        total = padded.square().sum() + sum(f.sum() for f in flatten(final))
        total.backward()
        results = [packed.data, packed.batch_sizes, padded, lengths, *flatten(final)]
        results += [item.grad for item in items] + [p.grad for p in layer.parameters()]
        return [t.detach().numpy() for t in results]

    for mine, expected in zip(run_packed(rushlight), run_packed(torch), strict=True):
        np.testing.assert_allclose(mine, expected, rtol=2e-5, atol=2e-6)


def test_recurrent_state_carries_over():
    def two_calls(lib):
        lib.manual_seed(5)
        layer = lib.nn.LSTM(3, 4)
        x = lib.tensor(N(6, 2, 3))
        first, state = layer(x[:3])
        second, _ = layer(x[3:], state)
        whole, _ = layer(x)
        return lib.cat([first, second]).detach().numpy(), whole.detach().numpy()

    parts, whole = two_calls(rushlight)
    np.testing.assert_allclose(parts, whole, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(whole, two_calls(torch)[1], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("zero_infinity", [False, True])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("flat", [False, True])
def test_ctc(reduction, flat, zero_infinity):
    """Compared behind ``log_softmax``, where both gradients mean the same."""
    targets, lengths = np.array([[1, 2, 2], [3, 0, 0], [2, 1, 3]]), [3, 0 if flat else 1, 2]
    if flat:
        targets = np.concatenate([row[:n] for row, n in zip(targets, lengths, strict=True)])
    inputs = [7, 6, 1 if zero_infinity else 5]

    def run_loss(lib):
        logits = lib.tensor(N(7, 3, 4), requires_grad=True)
        criterion = lib.nn.CTCLoss(reduction=reduction, zero_infinity=zero_infinity)
        loss = criterion(logits.log_softmax(2), lib.tensor(targets), inputs, lengths)
        loss.sum().backward()
        return loss.detach().numpy(), logits.grad.numpy()

    for mine, expected in zip(run_loss(rushlight), run_loss(torch), strict=True):
        np.testing.assert_allclose(mine, expected, rtol=2e-5, atol=2e-6)


def test_ctc_of_one_sequence_and_of_none_that_fits():
    def run_loss(lib):
        x = lib.tensor(N(5, 4)).log_softmax(1)
        loss = lib.nn.functional.ctc_loss
        ok = loss(x, lib.tensor([1, 2]), lib.tensor(5), lib.tensor(2))
        impossible = loss(x[:1], lib.tensor([1, 2]), lib.tensor(1), lib.tensor(2), reduction="sum")
        return ok.item(), impossible.item()

    assert run_loss(rushlight) == pytest.approx(run_loss(torch))
