"""What goes wrong goes wrong as in PyTorch: exception types, messages and warnings."""

from __future__ import annotations

import warnings
from collections import OrderedDict

import pytest

torch = pytest.importorskip("torch")

import rushlight  # noqa: E402

FUNCTIONAL = """
F.softmax(x)
F.log_softmax(x[0])
F.softmin(x)
F.softmax(cube)
F.mse_loss(x, y)
F.l1_loss(x, y)
F.smooth_l1_loss(x, y)
F.huber_loss(x, y)
F.mse_loss(x, x, reduction='foo')
F.huber_loss(x, x, reduction='foo')
F.mse_loss(x, x, size_average=False)
F.mse_loss(x, x, size_average=True)
F.mse_loss(x, x, reduce=False)
F.l1_loss(x, x, True, False)
F.kl_div(x, x.softmax(1), size_average=False)
F.binary_cross_entropy(p, p[:, :1])
F.binary_cross_entropy(x, p)
F.binary_cross_entropy_with_logits(x, y)
F.kl_div(p, p)
F.kl_div(p, p, reduction='foo')
F.nll_loss(x, torch.tensor([0, 3]))
F.nll_loss(x, torch.tensor([0, 1, 2]))
F.nll_loss(x, torch.tensor([[0], [1]]))
F.cross_entropy(x, torch.tensor([0, 1]), weight=torch.ones(4))
F.smooth_l1_loss(x, x, beta=-1)
F.smooth_l1_loss(x, x, beta=0)
F.huber_loss(x, x, delta=0)
F.dropout(x, p=2.)
F.dropout2d(x)
F.dropout2d(cube)
F.dropout1d(square)
F.dropout3d(x)
F.alpha_dropout(x, -1)
F.feature_alpha_dropout(x, -1)
F.gumbel_softmax(x, eps=1e-5)
F.embedding(torch.tensor([1]), x, padding_idx=5)
F.embedding(torch.tensor([1]), x, padding_idx=-5)
F.embedding(torch.tensor([7]), x)
F.embedding(torch.tensor([1.]), x)
F.batch_norm(torch.ones(1, 3), torch.zeros(3), torch.ones(3), training=True)
F.batch_norm(x, torch.zeros(4), torch.ones(4))
F.instance_norm(torch.ones(2, 3, 1))
F.group_norm(x, 2)
F.group_norm(torch.ones(1, 4, 1), 4)
F.group_norm(torch.ones(4), 2)
F.layer_norm(x, [4])
F.glu(x)
F.glu(torch.tensor(1.))
F.interpolate(square)
F.interpolate(square, size=3, scale_factor=2)
F.interpolate(square, size=(3, 3, 3))
F.interpolate(square, scale_factor=(3, 3, 3))
F.interpolate(square, size=3, mode='nearest', align_corners=True)
F.interpolate(cube, size=3, mode='bilinear')
F.interpolate(square, size=3, mode='linear')
F.interpolate(square, size=3, mode='foo')
F.interpolate(x, size=3)
F.interpolate(square, size=3, recompute_scale_factor=True)
F.upsample(square, scale_factor=2)
F.upsample_nearest(square, scale_factor=2)
F.upsample_bilinear(square, scale_factor=2)
F.one_hot(torch.tensor([1, 2]), 2)
F.one_hot(torch.tensor([1., 2]))
F.pad(x, (1,))
F.pad(x, (1, 1), mode='foo')
F.max_pool2d(square, 2, padding=2)
F.max_pool2d(square[..., :1], 2)
F.adaptive_avg_pool2d(square, (1, 2, 3))
F.adaptive_avg_pool2d(x, (None, 2))
F.poisson_nll_loss(x, x, reduction='foo')
F.gaussian_nll_loss(x, x, torch.tensor([-1., 2]))
F.gaussian_nll_loss(x, x, torch.ones(2, 1))
F.gaussian_nll_loss(x, x, torch.ones(5))
F.gaussian_nll_loss(x, x, torch.ones(2, 3), reduction='f')
F.gaussian_nll_loss(x, x, -1.0)
F.cosine_embedding_loss(x, x, torch.ones(3))
F.cosine_embedding_loss(x, x, torch.ones(2, 2))
F.cosine_embedding_loss(x, cube, torch.ones(2))
F.margin_ranking_loss(x, x[0], torch.ones(2))
F.triplet_margin_loss(x, x, x[0])
F.triplet_margin_loss(x, x, x, margin=-1)
F.triplet_margin_with_distance_loss(x, x, x, margin=-1)
F.multi_margin_loss(x, torch.tensor([1, 2]), p=3)
F.multi_margin_loss(x, torch.tensor([1, 2, 2]))
F.multi_margin_loss(x, torch.tensor([1, 2]), weight=torch.ones(2, 2))
F.multilabel_margin_loss(x, torch.zeros(2, 2, dtype=torch.long))
F.local_response_norm(x, 2)
F.rms_norm(x, [4])
F.pixel_shuffle(square, 2)
F.pixel_unshuffle(square[..., :1], 2)
F.channel_shuffle(square, 2)
F.bilinear(x, x, torch.ones(4, 2, 3))
F.linear(x, torch.ones(4, 5))
F.scaled_dot_product_attention(x, x, x, is_causal=True, attn_mask=x)
F.hardtanh(x, 1., -1.)
F.rrelu(x, 0.5, 0.1, True)
F.embedding_bag(torch.tensor([1]), x)
F.embedding_bag(torch.tensor([1]), x, offsets=torch.tensor([0]), mode='foo')
F.embedding_bag(torch.tensor([[1]]), x, per_sample_weights=torch.ones(1, 1))
F.mse_loss(x, x, weight=torch.ones(2, 3))
F.mse_loss(x, p, weight=p)
F.mse_loss(x, p, weight=p, reduction='sum')
F.mse_loss(x, x, weight=torch.ones(2, 1))
F.l1_loss(x, p, weight=p, reduction='none')
F.huber_loss(x, p, weight=p)
F.fold(cube, 4, 2)
F.max_unpool2d(square, square, 2)
F.relu(x, True)
F.cosine_similarity(x, y)
F.normalize(cube, p=1, dim=2)
F.one_hot(torch.tensor([[1, 2], [0, 0]]), 4)
F.gumbel_softmax(x, tau=0.5, hard=True)
F.softmax(x, 1, dtype=torch.float64)
F.scaled_dot_product_attention(cube, cube, cube, is_causal=True, scale=0.3)
F.scaled_dot_product_attention(cube, cube, cube, attn_mask=torch.ones(3, 3) > 0)
F.scaled_dot_product_attention(square, square[:, :1], square[:, :1], enable_gqa=True)
F.interpolate(square, scale_factor=0.6, mode='bilinear', antialias=True)
F.interpolate(square, size=(2, 5), mode='bicubic', antialias=True)
F.interpolate(square, size=2, mode='area')
F.interpolate(square, size=2, mode='nearest', antialias=True)
"""

CONTAINERS = """
S()[7]
S()[-4]
S()[-1]
S()[1:]
S()['0']
S() + S()
S() * 2
2 * S()
S() * 0
S() * 'a'
S() + 3
S().insert(1, nn.ELU())
S().insert(9, nn.ELU())
S().insert(-1, nn.ELU())
S().insert(0, 3)
S().append(3)
S().extend([nn.ELU()])
S().pop(0)
S().pop(5)
do(S(), 'del o[0]')
do(S(), 'del o[5]')
do(S(), 'del o[0:2]')
do(S(), 'o[0] = nn.ELU()')
do(S(), 'o[7] = nn.ELU()')
do(S(), 'o += S()')
do(S(), 'o *= 2')
do(S(), 'o *= 2.')
nn.Sequential(3)
nn.Sequential([nn.ReLU()])
nn.Sequential(OrderedDict(a=nn.ReLU(), b=nn.Sequential(nn.Linear(2, 2))))
nn.ModuleList([nn.ReLU(), nn.ReLU(), nn.Linear(2, 2), nn.Linear(2, 2), nn.Linear(2, 3)])
nn.ModuleList([S(), S(), nn.ReLU()])
nn.ModuleList()
L()[3]
L() + [nn.Tanh()]
L().extend(3)
L().append(3)
L()[0:1]
L().pop(0)
L()(3)
do(L(), 'del o[0]')
do(L(), 'del o[0:1]')
do(L(), 'o.insert(0, nn.ELU())')
do(L(), 'o.insert(8, nn.ELU())')
do(L(), 'o[-1] = nn.ELU()')
do(L(), 'o += [nn.ELU()]')
D()
nn.ModuleDict([['a', nn.ReLU()]])
D()['c']
D().pop('a')
nn.ModuleDict({'a.b': nn.ReLU()})
nn.ModuleDict({'a': 3})
nn.ModuleDict([3])
nn.ModuleDict([[3]])
nn.ModuleDict(3)
nn.ModuleDict({3: nn.ReLU()})
nn.ModuleDict({'keys': nn.ReLU()})
D().keys()
D().items()
D().values()
'a' in D()
nn.ParameterList([torch.ones(2), nn.Parameter(torch.ones(3)), 3, 'x'])
nn.ParameterList([torch.ones(2)])[3]
nn.ParameterList([torch.ones(2), torch.ones(3)])[1:]
nn.ParameterList(3)
nn.ParameterList([torch.ones(2)])(1)
list(nn.ParameterList([torch.ones(2)]).named_parameters())
nn.ParameterList([torch.ones(2)]).pop(0)
PD()
PD()['a']
PD()['q']
nn.ParameterDict([['a', torch.ones(2)]])
nn.ParameterDict(3)
PD() | nn.ParameterDict({'c': torch.ones(2)})
nn.ParameterDict({3: torch.ones(2)})
PD().get('q')
PD().copy()
PD().setdefault('z', torch.ones(1))
PD().popitem()
PD()(3)
nn.ParameterDict().fromkeys(['a', 'b'], torch.ones(1))
PD().keys()
list(reversed(PD()))
list(PD().items())
"""

CONSTRUCTORS = """
nn.Unflatten(1, 3)
nn.Unflatten(1, (2, 'a'))
nn.Embedding(10, 3, padding_idx=11)
nn.Embedding(10, 3, padding_idx=-1).padding_idx
nn.Embedding(10, 3, _weight=torch.ones(2, 2))
nn.Embedding.from_pretrained(torch.ones(3))
nn.Embedding.from_pretrained(torch.ones(3, 2)).weight
nn.EmbeddingBag.from_pretrained(torch.ones(3, 2), freeze=False).weight
nn.Embedding(10, 3, 1, 2., 3., True, True)
nn.Bilinear(0, 3, 4)
nn.Conv2d(3, 4, 3, padding='same', stride=2)
nn.Conv2d(3, 4, 3, groups=2)
nn.Conv2d(4, 3, 3, groups=2)
nn.Conv2d(4, 3, 3, groups=0)
nn.Conv2d(3, 4, 3)(torch.ones(2, 5, 6, 6))
nn.Linear(3, 4)(torch.ones(2, 5))
nn.ConvTranspose2d(4, 3, 3, padding_mode='reflect')
nn.ConvTranspose2d(4, 3, 3, stride=2)(torch.ones(1, 4, 3, 3), output_size=(9, 9))
nn.ConvTranspose2d(4, 3, 3, stride=2)(torch.ones(1, 4, 3, 3), output_size=(9, 9, 4))
nn.ConvTranspose2d(4, 3, 3, stride=2)(torch.ones(1, 4, 3, 3), output_size=(1, 3, 8, 7)).shape
nn.Dropout(3)
nn.GroupNorm(2, 3)
nn.BatchNorm2d(3)(torch.ones(2, 3))
nn.BatchNorm1d(3)(torch.ones(2, 3, 4, 5))
nn.BatchNorm3d(3)(torch.ones(2, 3, 4))
nn.InstanceNorm2d(3)(torch.ones(2, 3))
nn.InstanceNorm2d(3, affine=True)(torch.ones(1, 2, 3, 3))
nn.InstanceNorm2d(3)(torch.ones(1, 2, 3, 3)).shape
nn.NLLLoss2d()
nn.TripletMarginLoss(margin=-1)
nn.TripletMarginWithDistanceLoss(margin=-1)
nn.MultiMarginLoss(p=3)
nn.MultiMarginLoss(weight=torch.ones(2, 2))
nn.MSELoss(size_average=False).reduction
nn.CrossEntropyLoss(reduce=False).reduction
nn.CrossEntropyLoss(torch.ones(3)).state_dict()
nn.Softmax()(torch.ones(2, 2))
nn.LogSoftmax()(torch.ones(2, 2))
nn.Softmax2d()(torch.ones(2))
nn.Hardtanh(min_value=-2, max_value=3)
nn.Hardtanh(2, 1)
nn.Container(a=nn.ReLU())
nn.LPPool2d(2, 3)
nn.MaxUnpool2d(2)
nn.GRU(2, 3, proj_size=1)
nn.GRU(2, 3, dropout=.5)
nn.LSTM(2, 3, 2, bias=False, batch_first=True, dropout=.5, bidirectional=True, proj_size=1)
nn.RNN(2, 3, nonlinearity='foo')
nn.RNN(2, 3, dropout=3)
nn.RNN(2, 3, dropout=True)
nn.LSTM(2, 0)
nn.LSTM(2, 3, 0)
nn.LSTM(2, 3, proj_size=3)
nn.LSTM(2, 3, proj_size=-3)
nn.LSTM(2, 3.)
nn.RNNCell(2, 3, nonlinearity='relu')
nn.MultiheadAttention(5, 2)
nn.MultiheadAttention(0, 2)
nn.TransformerEncoderLayer(4, 2, activation='foo')
nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8), 2)
nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8, norm_first=True), 2)
nn.TransformerEncoder(nn.TransformerEncoderLayer(3, 1, 8, batch_first=True), 1)
nn.LSTM(2, 3)(torch.ones(4, 5, 7))
nn.LSTM(2, 3)(torch.ones(4))
nn.LSTM(2, 3)(torch.ones(4, 5, 2), (torch.ones(1, 5, 4), torch.ones(1, 5, 3)))
nn.LSTM(2, 3)(torch.ones(4, 5, 2), (torch.ones(1, 5, 3), torch.ones(1, 5, 4)))
nn.LSTM(2, 3)(torch.ones(4, 5, 2), (torch.ones(5, 3), torch.ones(5, 3)))
nn.GRU(2, 3)(torch.ones(4, 5, 2), torch.ones(5, 3))
nn.GRU(2, 3)(torch.ones(4, 2), torch.ones(1, 5, 3))
nn.GRU(2, 3)(torch.ones(4, 5, 2), torch.ones(1, 4, 3))
nn.RNNCell(2, 3)(torch.ones(4, 3))
nn.RNNCell(2, 3)(torch.ones(4, 3, 2))
nn.RNNCell(2, 3)(torch.ones(4, 2), torch.ones(3, 3))
nn.LSTMCell(2, 3)(torch.ones(4, 2), (torch.ones(3, 3), torch.ones(4, 3)))
nn.Parameter(3)
nn.Parameter([1.])
nn.Parameter()
nn.Parameter(torch.ones(2, dtype=torch.int64))
nn.Parameter(torch.ones(2, dtype=torch.int64), requires_grad=False)
nn.Parameter(torch.ones(2)) * 2
nn.Buffer(torch.ones(2))
nn.Buffer(torch.ones(2)).persistent
nn.utils.clip_grad_norm_([], 1.0)
nn.utils.clip_grad_norm_((q for q in []), 1.0)
nn.utils.vector_to_parameters(3, [])
nn.utils.rnn.pad_sequence(3)
nn.utils.rnn.pad_sequence([torch.ones(2), torch.ones(3)], padding_side='up')
nn.utils.rnn.pad_sequence([torch.ones(2), torch.ones(3)], True, 7., 'left')
nn.utils.rnn.pack_padded_sequence(torch.ones(3, 2), [2, 3])
nn.utils.rnn.pack_padded_sequence(torch.ones(3, 2), [3])
nn.utils.rnn.pack_padded_sequence(torch.ones(3, 2), [3, 0])
nn.utils.rnn.pack_padded_sequence(torch.ones(3, 2), [3, 2])
"""

INIT = """
init.xavier_uniform_(z(3))
init.kaiming_uniform_(z(3))
init.kaiming_uniform_(z(3, 3), mode='foo')
init.kaiming_uniform_(z(3, 3), nonlinearity='foo')
init.kaiming_uniform_(z(0, 3))
init.kaiming_normal_(z(3, 0))
init.xavier_normal_(z(0, 3))
init.calculate_gain('foo')
init.calculate_gain('leaky_relu', 'x')
init.calculate_gain('leaky_relu', True)
init.calculate_gain('leaky_relu', 0.2)
init.calculate_gain('relu')
init.calculate_gain('selu')
init.calculate_gain('conv2d')
init.calculate_gain('tanh')
init.eye_(z(3))
init.dirac_(z(3))
init.dirac_(z(3, 3, 3), 2)
init.orthogonal_(z(3))
init.sparse_(z(3), 0.1)
init.trunc_normal_(z(3), std=0)
init.uniform_(z(3), 2, 1)
init.normal_(z(3), 0, -1)
init.uniform(z(3))
init.constant(z(3), 2.)
init.xavier_uniform(z(3, 3))
init.dirac(z(2, 2, 2))
"""


def outcome(lib, source):
    """What an expression gives: a value's repr or an error, and the warnings on the way."""
    nn = lib.nn

    def do(o, code):
        exec(code, env, {"o": o})
        return o

    env = {"torch": lib, "nn": nn, "F": nn.functional, "init": nn.init, "z": lib.zeros}
    env |= {"OrderedDict": OrderedDict, "do": do}
    lib.manual_seed(0)
    env |= {"x": lib.randn(2, 3), "y": lib.randn(2, 1), "p": lib.rand(2, 3) * 0.5 + 0.1}
    env |= {"cube": lib.randn(2, 3, 4), "square": lib.randn(1, 3, 4, 4)}
    env["S"] = lambda: nn.Sequential(nn.ReLU(), nn.Tanh(), nn.GELU())
    env["L"] = lambda: nn.ModuleList([nn.ReLU(), nn.Tanh()])
    env["D"] = lambda: nn.ModuleDict({"a": nn.ReLU(), "b": nn.Linear(2, 2)})
    env["PD"] = lambda: nn.ParameterDict({"a": lib.ones(2), "b": 3})
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = repr(eval(source, env))
        except Exception as error:
            result = f"{type(error).__name__}: {error}"
    messages = [f"{w.category.__name__}: {w.message}" for w in caught]
    return [text.replace("rushlight.nn", "torch.nn") for text in (result, *messages)]


def lines(text):
    return text.strip().split("\n")


@pytest.mark.parametrize("source", lines(FUNCTIONAL))
def test_functional(source):
    assert outcome(rushlight, source) == outcome(torch, source)


@pytest.mark.parametrize("source", lines(CONTAINERS))
def test_containers(source):
    assert outcome(rushlight, source) == outcome(torch, source)


@pytest.mark.parametrize("source", lines(CONSTRUCTORS))
def test_constructors(source):
    assert outcome(rushlight, source) == outcome(torch, source)


@pytest.mark.parametrize("source", lines(INIT))
def test_init(source):
    assert outcome(rushlight, source) == outcome(torch, source)


def test_unknown_names_of_modes():
    """PyTorch prints a set here, in an order of its own; the rest of the sentence is the same."""
    for source in ("nn.Conv2d(3, 4, 3, padding='foo')", "nn.Conv2d(3, 4, 3, padding_mode='foo')"):
        ours, theirs = outcome(rushlight, source)[0], outcome(torch, source)[0]
        assert sorted(ours) == sorted(theirs)
        assert ours.partition("{")[0] == theirs.partition("{")[0]
