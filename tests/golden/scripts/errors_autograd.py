"""Mistakes with gradients: what is raised, and how the message begins."""

import torch
from torch import nn


def attempt(name, mistake, whole=True):
    """Print the type of what `mistake` raises and, if `whole`, the first sentence of the message.

    The result is printed away, so that what is computed late is computed here.
    """
    try:
        str(mistake())
    except Exception as error:
        lines = str(error).splitlines() if whole else []
        print(
            f"{name}: {type(error).__name__}: {lines[0].split('. ')[0] if lines else ''}".rstrip(
                ": ."
            )
        )
    else:
        print(f"{name}: nothing raised")


w = torch.ones(3, requires_grad=True)


def twice():
    loss = (w * w).sum()
    loss.backward()
    loss.backward()


def twice_through_linear():
    net = nn.Linear(2, 1)
    loss = net(torch.ones(1, 2)).exp().sum()
    loss.backward()
    loss.backward()


def leaf_view():
    w[0] = 1


def leaf_row():
    w[1:].zero_()


def backward_of_data():
    torch.ones(1).backward()


def grad_of_unused():
    other = torch.ones(1, requires_grad=True)
    torch.autograd.grad((w * 2).sum(), other)


def grad_without_graph():
    torch.autograd.grad(torch.ones(1), w)


def wrong_gradient_shape():
    (w * 2).backward(torch.ones(2))


def set_grad_of_wrong_shape():
    w.grad = torch.ones(5)


def set_grad_of_wrong_type():
    w.grad = 1.0


def set_grad_of_wrong_dtype():
    w.grad = torch.ones(3, dtype=torch.float64)


def forget_backward():
    v = torch.ones(1, requires_grad=True)
    print(v.grad.sum())


class Bad(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a, b):
        return a + b

    @staticmethod
    def backward(ctx, g):
        return g


class NoBackward(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a):
        return a * 2


class Raises(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a):
        return a * 2

    @staticmethod
    def backward(ctx, g):
        raise ValueError("my own message")


def inference_write():
    with torch.inference_mode():
        a = torch.ones(1)
    a.add_(1)


class NoForward(nn.Module):
    pass


class NoSuper(nn.Module):
    def __init__(self):
        self.fc = nn.Linear(1, 1)


class NoSuperParameter(nn.Module):
    def __init__(self):
        self.w = nn.Parameter(torch.ones(1))


def retyped():
    net = nn.Linear(1, 1)
    net.weight = torch.ones(1, 1)


def slot():
    net = nn.Linear(1, 1)
    net.fc = None
    net.register_parameter("fc.x", None)


def buffer_again():
    net = nn.Linear(1, 1)
    net.register_buffer("weight", torch.ones(1))


def parameter_of_graph():
    net = nn.Linear(1, 1)
    net.register_parameter("p", torch.ones(1))


attempt("second backward", twice)
attempt("second backward through a layer", twice_through_linear)
attempt("backward of a vector", lambda: (w * 2).backward())
attempt("backward of data", backward_of_data)
attempt("backward of integers", lambda: torch.ones(1).long().backward())
attempt("backward under no_grad", torch.no_grad()(lambda: (w * 2).sum().backward()))
attempt("backward after detach", lambda: (w * 2).sum().detach().backward())
attempt("gradient of another shape", wrong_gradient_shape)
attempt("write to a leaf", lambda: w.add_(1))
attempt("write to a view of a leaf", leaf_view)
attempt("write to a slice of a leaf", leaf_row)
attempt("assignment operator on a leaf", lambda: exec("w -= 1", {"w": w}))
attempt("out= with a leaf", lambda: torch.add(torch.ones(3), 1, out=w))
attempt("out= with gradients", lambda: torch.add(w, 1, out=torch.zeros(3)))
attempt("grad of an unused tensor", grad_of_unused)
attempt("grad without a graph", grad_without_graph)
attempt("grad of a vector", lambda: torch.autograd.grad(w * 2, w))
attempt("requires_grad of a non-leaf", lambda: setattr(w * 2, "requires_grad", False))
attempt("deepcopy of a non-leaf", lambda: __import__("copy").deepcopy(w * 2))
attempt("set grad, wrong shape", set_grad_of_wrong_shape)
attempt("set grad, wrong type", set_grad_of_wrong_type)
attempt("set grad, wrong dtype", set_grad_of_wrong_dtype)
attempt("grad before backward", forget_backward)
attempt("numpy", lambda: (w * 2).numpy())
attempt("hook without gradient", lambda: torch.ones(1).register_hook(print))
attempt("retain_grad without gradient", lambda: torch.ones(1).retain_grad())
attempt("too few gradients", lambda: Bad.apply(w, w).sum().backward())
attempt("no backward", lambda: NoBackward.apply(w).sum().backward())
attempt("backward raises", lambda: Raises.apply(w).sum().backward())
attempt("inference tensor written", inference_write)
attempt("no forward", lambda: NoForward()(1))
attempt("no super().__init__", NoSuper)
attempt("no super().__init__, parameter", NoSuperParameter)
attempt("parameter replaced by a tensor", retyped)
attempt("parameter name with a dot", slot)
attempt("buffer over a parameter", buffer_again)
attempt("register_parameter of a tensor", parameter_of_graph)
attempt("missing attribute", lambda: nn.Linear(1, 1).wieght)
attempt("sequential of a number", lambda: nn.Sequential(1))
attempt("sequential index", lambda: nn.Sequential(nn.ReLU())[3])
attempt("module list index", lambda: nn.ModuleList([nn.ReLU()])[1])
attempt("module list of numbers", lambda: nn.ModuleList([1]))
attempt("module list called", lambda: nn.ModuleList([nn.ReLU()])(torch.ones(1)))
attempt("module dict key", lambda: nn.ModuleDict({"a": nn.ReLU()})["b"])
attempt("get_submodule", lambda: nn.Sequential(nn.ReLU()).get_submodule("a.b"))
attempt("get_parameter", lambda: nn.Linear(1, 1).get_parameter("w"))
attempt("conv groups", lambda: nn.Conv2d(3, 4, 1, groups=2))
attempt("conv padding mode", lambda: nn.Conv2d(1, 1, 1, padding_mode="mirror"), whole=False)
attempt("state_dict of another type", lambda: nn.Linear(1, 1).load_state_dict([1]))
attempt("train of a string", lambda: nn.Linear(1, 1).train("yes"))


def _nan_grad():
    p = torch.ones(1, requires_grad=True)
    p.grad = torch.tensor([float("nan")])
    return p


attempt(
    "clip_grad_norm_ non finite",
    lambda: torch.nn.utils.clip_grad_norm_([_nan_grad()], 1.0, error_if_nonfinite=True),
)
attempt(
    "gradcheck",
    lambda: torch.autograd.gradcheck(
        lambda a: a.detach() * 2 + a, torch.ones(1, dtype=torch.double, requires_grad=True)
    ),
)
with torch.autograd.set_detect_anomaly(False):
    attempt("nan is no error", lambda: (w * float("nan")).sum().backward())
print(w.grad)
