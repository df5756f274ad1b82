"""Module against PyTorch: attributes, registration, state dicts, hooks and conversions."""

from __future__ import annotations

import ast
import copy
import pickle
import warnings
from collections import OrderedDict

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import rushlight  # noqa: E402

SNIPPETS = """
class Early(nn.Module):
    def __init__(self): self.fc = nn.Linear(2, 2)
Early()
---
class Early(nn.Module):
    def __init__(self): self.p = nn.Parameter(torch.ones(1))
Early()
---
class Early(nn.Module):
    def __init__(self): self.register_buffer('x', torch.ones(1))
Early()
---
class Early(nn.Module):
    def __init__(self): self.register_parameter('x', nn.Parameter(torch.ones(1)))
Early()
---
class Early(nn.Module):
    def __init__(self): self.b = nn.Buffer(torch.ones(1))
Early()
---
class Late(nn.Module):
    def __init__(self): self.size = 3
Late().size
---
n.foo
---
del n.foo
---
n.fc = 3
---
n.fc = None
n
---
n.fc.weight = torch.ones(2, 2)
---
n.fc.weight = 3
---
n.fc.bias = None
(n, dict(n.named_parameters()).keys())
---
n.b = 3
---
n.b = torch.zeros(3)
n.state_dict()['b']
---
n.b = None
list(n.state_dict())
---
n.b = nn.Buffer(torch.ones(2), persistent=False)
(list(n.state_dict()), [k for k, _ in n.named_buffers()])
---
n.b = nn.Parameter(torch.ones(2))
([k for k, _ in n.named_parameters()], [k for k, _ in n.named_buffers()])
---
n.extra = nn.Buffer(torch.ones(2))
list(n.state_dict())
---
n.size = 3
n.size = nn.Linear(1, 1)
('size' in n.__dict__, n)
---
n.fc = nn.Parameter(torch.ones(1))
(n, [k for k, _ in n.named_parameters()])
---
del n.fc
n
---
del n.b
list(n.state_dict())
---
n.register_buffer('', torch.ones(1))
---
n.register_buffer('a.b', torch.ones(1))
---
n.register_buffer(3, torch.ones(1))
---
n.register_buffer('fc', torch.ones(1))
---
n.register_buffer('q', 3)
---
n.register_buffer('b', None)
n.b
---
n.register_parameter('', None)
---
n.register_parameter('a.b', None)
---
n.register_parameter(3, None)
---
n.register_parameter('train', None)
---
n.register_parameter('q', 3)
---
n.register_parameter('q', torch.ones(1))
---
n.add_module('', None)
---
n.add_module('a.b', nn.ReLU())
---
n.add_module(3, nn.ReLU())
---
n.add_module('b', nn.ReLU())
---
n.add_module('q', 3)
---
n.register_module('q', nn.ReLU())
n
---
n.get_submodule('inner.0')
---
n.get_submodule('')
---
n.get_submodule('inner.x')
---
n.get_submodule('b.x')
---
n.get_submodule('b')
---
n.get_parameter('inner.0.weight').shape
---
n.get_parameter('fc.foo')
---
n.get_parameter('b')
---
n.get_buffer('b')
---
n.get_buffer('fc.weight')
---
n.get_buffer('fc.z')
---
n.set_submodule('inner.1', nn.Tanh())
n
---
n.set_submodule('fc', 3)
---
n.set_submodule('', nn.ReLU())
---
n.set_submodule('x.y', nn.ReLU())
---
n.set_submodule('inner.9', nn.ReLU(), strict=True)
---
nn.Module()(1)
---
n(1)
---
nn.Module(1)
---
nn.Module(a=1)
---
n.load_state_dict(3)
---
n.load_state_dict({})
---
n.load_state_dict({}, strict=False)
---
n.load_state_dict(n.state_dict())
---
n.load_state_dict(dict(n.state_dict(), zz=torch.ones(1),
    **{'fc.weight': torch.ones(3, 3), 'fc.bias': 4}))
---
n.load_state_dict({'fc.weight': torch.ones(3, 3)}, strict=False)
---
n.load_state_dict({'inner.0.weight': torch.ones(2, 2), 'inner.0.q.r': torch.ones(1), 'b.c': 1})
---
nn.BatchNorm1d(2).load_state_dict({'weight': torch.ones(2), 'bias': torch.ones(2),
    'running_mean': torch.ones(2), 'running_var': torch.ones(2)})
---
n.train(3)
---
n.eval().inner[0].training
---
n.to(torch.int64)
---
n.to('cuda')
---
n.cuda()
---
nn.ReLU().cuda()
---
n.to(torch.float64).fc.weight.dtype, n.count.dtype
---
n.to('cpu', torch.float16).fc.weight.dtype
---
n.to(dtype=torch.bfloat16).fc.weight.dtype
---
n.to(torch.ones(1, dtype=torch.float64)).b.dtype
---
n.half().fc.weight, n.count.dtype
---
n.double().b, n.float().b
---
n.type(torch.float64).count.dtype
---
n.type('torch.DoubleTensor').fc.weight.dtype
---
n.requires_grad_(False)
[p.requires_grad for p in n.parameters()]
---
n.get_extra_state
n.share_memory() is n
---
n.state_dict('', 'pre')
---
n.state_dict(OrderedDict(), 'pre.', True).keys()
---
n.state_dict(prefix='pre.')._metadata
---
n.state_dict(keep_vars=True)
---
[name for name, _ in n.named_modules()], [name for name, _ in n.named_children()]
---
[name for name, _ in n.named_parameters('root')], [name for name, _ in n.named_buffers('root')]
---
n.again = n.fc
n.shared = nn.Linear(2, 2)
n.shared.weight = n.fc.weight
([k for k, _ in n.named_modules()], [k for k, _ in n.named_modules(remove_duplicate=False)],
 [k for k, _ in n.named_parameters()], [k for k, _ in n.named_parameters(remove_duplicate=False)],
 list(n.state_dict()), len(list(n.children())), len(list(n.modules())))
---
[name for name, _ in n.named_parameters(recurse=False)], list(n.parameters(recurse=False))
---
n.apply(lambda m: print(type(m).__name__))
---
sorted(k for k in dir(n) if k in ('fc', 'b', 'inner', 'training'))
---
n.fc.register_forward_pre_hook(lambda m, args, kwargs: 3, with_kwargs=True)
n.fc(torch.ones(1, 2))
---
n.fc.register_backward_hook(lambda *a: None)
n.fc.register_full_backward_hook(lambda *a: None)
---
n.fc.register_full_backward_hook(lambda *a: None)
n.fc.register_backward_hook(lambda *a: None)
---
n.register_state_dict_post_hook(lambda *a: 3)
n.state_dict()
---
n.register_load_state_dict_post_hook(lambda *a: 3)
n.load_state_dict(n.state_dict())
---
n.register_load_state_dict_post_hook(lambda m, keys: keys.missing_keys.clear())
n.load_state_dict({'fc.weight': torch.ones(2, 2), 'fc.bias': torch.ones(2)})
---
n.__repr__
class Outer(nn.Module):
    def extra_repr(self): return 'one, two'
o = Outer()
o
---
class Outer(nn.Module):
    def extra_repr(self): return 'line one\\nline two'
o = Outer()
o.child = nn.Sequential(nn.ReLU(), Outer())
o.none = None
o
---
class Child(nn.Module):
    def __init__(self):
        super().__init__()
        self.none = nn.ReLU()
        self.none = None
Child()
"""


def outcome(lib, snippet):
    """Run a snippet; its last line's value, what was printed, the error and the warnings."""
    nn = lib.nn

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(2, 2)
            self.register_buffer("b", lib.ones(1))
            self.register_buffer("count", lib.tensor(3))
            self.register_buffer("scratch", lib.ones(2), persistent=False)
            self.inner = nn.Sequential(nn.Linear(2, 3, bias=False), nn.ReLU())

    lib.manual_seed(0)
    printed = []
    env = {"torch": lib, "nn": nn, "n": Net(), "OrderedDict": OrderedDict}
    env["print"] = lambda *values: printed.append(values)
    *body, last = _split(snippet)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            exec("\n".join(body), env)
            try:
                code = compile(last, "snippet", "eval")
            except SyntaxError:
                exec(last, env)
                result = "no value"
            else:
                result = repr(eval(code, env))
        except Exception as error:
            result = f"{type(error).__name__}: {error}"
    messages = [f"{w.category.__name__}: {w.message}" for w in caught]
    return [str(v).replace("rushlight.nn", "torch.nn") for v in (result, printed, *messages)]


def _split(snippet):
    """The statements of a snippet."""
    return [ast.get_source_segment(snippet, node) for node in ast.parse(snippet).body]


@pytest.mark.parametrize("snippet", [s.strip() for s in SNIPPETS.split("---")])
def test_snippet(snippet):
    ours, theirs = outcome(rushlight, snippet), outcome(torch, snippet)
    ours = [text.replace("rushlight.tensor.Tensor", "torch.Tensor") for text in ours]
    if "CUDA" in theirs[0]:  # the repair is added to PyTorch's sentence
        ours[0] = ours[0][: len(theirs[0])]
    assert ours == theirs


def test_attributes_of_a_new_module():
    theirs = set(vars(torch.nn.Module())) - {"_compiled_call_impl"}
    assert set(vars(rushlight.nn.Module())) == theirs


def test_public_methods():
    """Every public method of PyTorch's Module except those for other devices and compilation."""
    missing = {name for name in dir(torch.nn.Module) if not name.startswith("_")}
    missing -= set(dir(rushlight.nn.Module))
    assert missing <= {"T_destination", "compile", "ipu", "mtia", "xpu"}


def hooked(lib):
    """All hooks of a small network, in the order they run."""
    events = []
    lib.manual_seed(0)
    nn = lib.nn
    net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))

    def note(name, *values):
        tensors = []
        for value in values:
            for member in value if isinstance(value, tuple) else (value,):
                tensors.append(None if member is None else np.round(member.tolist(), 4).tolist())
        events.append((name, tensors))

    net[0].register_forward_pre_hook(lambda m, args: note("pre", args))
    net[0].register_forward_pre_hook(lambda m, args: (args[0] * 2,))
    net[0].register_forward_pre_hook(lambda m, args, kw: note("kw", args), with_kwargs=True)
    net[0].register_forward_hook(lambda m, args, out: note("post", args, out))
    net[0].register_forward_hook(lambda m, args, out: out + 1)
    net[0].register_forward_hook(lambda m, args, out: note("first", out), prepend=True)
    net[2].register_forward_hook(lambda m, a, kw, out: note("kw", out), with_kwargs=True)
    net[2].register_full_backward_pre_hook(lambda m, grads: note("bpre", grads))
    net[2].register_full_backward_pre_hook(lambda m, grads: (grads[0] * 3,))
    net[2].register_full_backward_hook(lambda m, gi, go: note("back", gi, go))
    net[1].register_full_backward_hook(lambda m, gi, go: (gi[0] * 0.5,))
    net[1].register_full_backward_hook(lambda m, gi, go: note("half", gi, go))
    net[0].register_full_backward_hook(lambda m, gi, go: note("root", gi, go))
    removed = net[0].register_forward_hook(lambda m, args, out: note("never", out))
    removed.remove()
    x = lib.tensor([[0.5, -1.0, 2.0]])
    out = net(x)
    with pytest.warns(UserWarning, match="since no inputs require gradients"):
        out.sum().backward()
    leaf = lib.tensor([[0.5, -1.0, 2.0]], requires_grad=True)
    net(leaf).sum().backward()
    note("grads", leaf.grad, *(p.grad for p in net.parameters()))
    return events


def test_hooks():
    ours, theirs = hooked(rushlight), hooked(torch)
    assert [name for name, _ in ours] == [name for name, _ in theirs]
    for (name, mine), (_, expected) in zip(ours, theirs, strict=True):
        for a, b in zip(mine, expected, strict=True):
            assert (a is None) == (b is None), name
            if a is not None:
                np.testing.assert_allclose(a, b, atol=2e-4, err_msg=name)


def test_global_hooks():
    def run(lib):
        events = []
        module = lib.nn.modules.module
        handles = [
            module.register_module_forward_pre_hook(lambda m, args: events.append(("pre", str(m)))),
            module.register_module_forward_hook(lambda m, a, out: events.append(("post", str(m)))),
            module.register_module_full_backward_hook(
                lambda m, gi, go: events.append(("back", str(m)))
            ),
        ]
        net = lib.nn.Sequential(lib.nn.Linear(2, 2), lib.nn.ReLU())
        net(lib.ones(1, 2, requires_grad=True)).sum().backward()
        for handle in handles:
            handle.remove()
        net(lib.ones(1, 2))
        return events

    assert run(rushlight) == run(torch)


def test_always_called_hook():
    def run(lib):
        events = []

        class Broken(lib.nn.Module):
            def forward(self, x):
                raise ValueError("broken")

        net = Broken()
        net.register_forward_hook(lambda m, a, out: events.append(out), always_call=True)
        net.register_forward_hook(lambda m, a, out: events.append("no"))
        with pytest.raises(ValueError, match="broken"):
            net(3)
        return events

    assert run(rushlight) == run(torch) == [None]


def test_legacy_backward_hook():
    def run(lib):
        events = []
        lib.manual_seed(0)
        layer = lib.nn.Tanh()
        layer.register_backward_hook(
            lambda m, gi, go: events.append((gi[0].tolist(), go[0].tolist()))
        )
        x = lib.tensor([0.5, -1.0], requires_grad=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            (layer(x) * 2).sum().backward()
        return np.array(events[0])

    np.testing.assert_allclose(run(rushlight), run(torch), rtol=1e-6)


def test_state_dict_hooks_run_in_order():
    def run(lib):
        events = []
        net = lib.nn.Sequential(lib.nn.Linear(1, 1))
        net.register_state_dict_pre_hook(lambda m, p, k: events.append(("pre", p, k)))
        net[0].register_state_dict_post_hook(lambda m, s, p, meta: events.append((p, meta)))
        net._register_state_dict_hook(lambda m, s, p, meta: {k + "!": v for k, v in s.items()})
        net.register_load_state_dict_pre_hook(lambda m, *rest: events.append(rest[1:]))
        net.register_load_state_dict_post_hook(lambda m, keys: events.append(str(keys)))
        state = net.state_dict()
        events.append(list(state))
        net.load_state_dict({k[:-1]: v for k, v in state.items()})
        return events

    assert run(rushlight) == run(torch)


def test_extra_state():
    def run(lib):
        class Counter(lib.nn.Module):
            def __init__(self):
                super().__init__()
                self.calls = 0

            def get_extra_state(self):
                return {"calls": self.calls}

            def set_extra_state(self, state):
                self.calls = state["calls"]

        net = lib.nn.Sequential(Counter())
        net[0].calls = 5
        state = net.state_dict()
        other = lib.nn.Sequential(Counter())
        found = [dict(state), str(other.load_state_dict(state)), other[0].calls]
        for bad in ({}, {**state, "_extra_state": 1}):
            with pytest.raises(RuntimeError) as error:
                other.load_state_dict(bad)
            found.append(str(error.value))
        return found

    assert run(rushlight) == run(torch)


def test_assign():
    def run(lib):
        source, target = lib.nn.Linear(2, 2), lib.nn.Linear(2, 2)
        target.requires_grad_(False)
        before = target.weight
        target.load_state_dict(source.double().state_dict(), assign=True)
        return (
            target.weight is before,
            str(target.weight.dtype),
            target.weight.requires_grad,
            type(target.weight).__name__,
        )

    assert run(rushlight) == run(torch)


def test_copies_and_pickles():
    def run(lib):
        lib.manual_seed(0)
        net = lib.nn.Sequential(lib.nn.Linear(2, 3), lib.nn.BatchNorm1d(3), lib.nn.Embedding(4, 2))
        net[0].weight.grad = lib.ones(3, 2)
        twin = copy.deepcopy(net)
        twin[0].weight.data.zero_()
        reborn = pickle.loads(pickle.dumps(net))
        x = lib.ones(4, 2)
        same = lib.equal(reborn[:2](x), net[:2](x))
        return (
            bool(net[0].weight.any()),
            twin[0].weight.grad is None,
            repr(reborn),
            same,
            type(reborn[0].weight).__name__,
            reborn[0].weight.requires_grad,
            list(reborn.state_dict()),
        )

    assert run(rushlight) == run(torch)


def test_identity_survives_conversion():
    """Optimizers hold on to Parameters: conversions change them in place."""

    def run(lib):
        net = lib.nn.Linear(2, 2)
        weight = net.weight
        net(lib.ones(1, 2)).sum().backward()
        net.double()
        return net.weight is weight, str(weight.dtype), str(weight.grad.dtype)

    assert run(rushlight) == run(torch)
