"""Recurrent layers and cells.

A layer projects the whole input sequence with one matrix product and then walks through time;
nothing here is special to autograd, so hidden states can be differentiated twice.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

from rushlight import ops
from rushlight.dtypes import float32
from rushlight.nn import functional as F
from rushlight.nn import init
from rushlight.nn.modules.module import Module
from rushlight.nn.parameter import Parameter
from rushlight.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence
from rushlight.ops.registry import node_class
from rushlight.tensor import Tensor

__all__ = ["GRU", "LSTM", "RNN", "GRUCell", "LSTMCell", "RNNBase", "RNNCell", "RNNCellBase"]

State = tuple[Tensor, ...]

# A step takes the projected input, the state and the recurrent weights, and returns the new state;
# its first member is the output.


def _rnn_step(activation: Callable[[Tensor], Tensor]) -> Callable[..., State]:
    def step(gates: Tensor, state: State, w_hh: Tensor, b_hh: Tensor | None) -> State:
        return (activation(gates + F.linear(state[0], w_hh, b_hh)),)

    return step


def _lstm_step(
    gates: Tensor, state: State, w_hh: Tensor, b_hh: Tensor | None, w_hr: Tensor | None = None
) -> State:
    """Hochreiter and Schmidhuber 1997, with forget gate; ``w_hr`` projects the output (Sak et al.
    2014).
    """
    h, c = state
    i, f, g, o = (gates + F.linear(h, w_hh, b_hh)).chunk(4, -1)
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    h = o.sigmoid() * c.tanh()
    return (h if w_hr is None else F.linear(h, w_hr)), c


def _gru_step(gates: Tensor, state: State, w_hh: Tensor, b_hh: Tensor | None) -> State:
    """Cho et al. 2014, the reset gate applied after the matrix product."""
    (h,) = state
    i_r, i_z, i_n = gates.chunk(3, -1)
    h_r, h_z, h_n = F.linear(h, w_hh, b_hh).chunk(3, -1)
    z = (i_z + h_z).sigmoid()
    n = (i_n + (i_r + h_r).sigmoid() * h_n).tanh()
    return ((h - n) * z + n,)


_STEPS: dict[str, tuple[int, Callable[..., State]]] = {
    "RNN_TANH": (1, _rnn_step(ops.tanh)),
    "RNN_RELU": (1, _rnn_step(ops.relu)),
    "LSTM": (4, _lstm_step),
    "GRU": (3, _gru_step),
}


class RNNBase(Module):
    """What RNN, LSTM and GRU share.

    Args:
        mode: RNN_TANH, RNN_RELU, LSTM or GRU.
        input_size: size of an input.
        hidden_size: size of the hidden state.
        num_layers: number of layers stacked on each other.
        bias: whether there are biases.
        batch_first: whether input and output are ``(N, L, *)`` instead of ``(L, N, *)``.
        dropout: probability of dropout after each layer but the last.
        bidirectional: whether there is a second set of layers that reads backwards.
        proj_size: size to which an LSTM's output is projected; 0: it is not.
        device: where parameters are created.
        dtype: of which type.

    Raises:
        TypeError: if ``hidden_size`` is no int.
        ValueError: for sizes or probabilities out of range.
    """

    def __init__(
        self,
        mode: str,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.mode = mode
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bias = bias
        self.batch_first = batch_first
        self.dropout = float(dropout)
        self.bidirectional = bidirectional
        self.proj_size = proj_size
        self._check_arguments(dropout)
        self._all_weights: list[list[str]] = []
        for layer in range(num_layers):
            for direction in ("", "_reverse") if bidirectional else ("",):
                self._add_layer(layer, direction, {"device": device, "dtype": dtype})
        self.reset_parameters()

    def _check_arguments(self, dropout: Any) -> None:
        if isinstance(dropout, bool) or not 0 <= self.dropout <= 1:
            raise ValueError(
                "dropout should be a number in range [0, 1] representing the probability of an "
                "element being zeroed"
            )
        if self.dropout > 0 and self.num_layers == 1:
            warnings.warn(
                "dropout option adds dropout after all but last recurrent layer, so non-zero "
                "dropout "
                f"expects num_layers greater than 1, but got dropout={dropout} and num_layers=1",
                stacklevel=4,
            )
        if not isinstance(self.hidden_size, int):
            raise TypeError(
                f"hidden_size should be of type int, got: {type(self.hidden_size).__name__}"
            )
        if self.hidden_size <= 0:
            raise ValueError("hidden_size must be greater than zero")
        if self.num_layers <= 0:
            raise ValueError("num_layers must be greater than zero")
        if self.proj_size < 0:
            raise ValueError(
                "proj_size should be a positive integer or zero to disable projections"
            )
        if self.proj_size >= self.hidden_size:
            raise ValueError("proj_size has to be smaller than hidden_size")

    def _add_layer(self, layer: int, direction: str, where: dict[str, Any]) -> None:
        """Create the parameters of one layer in one direction, in PyTorch's order."""
        gates = _STEPS[self.mode][0] * self.hidden_size
        out = self.proj_size or self.hidden_size
        size_in = self.input_size if layer == 0 else out * (2 if self.bidirectional else 1)
        suffix = f"_l{layer}{direction}"
        shapes: dict[str, tuple[int, ...]] = {
            "weight_ih": (gates, size_in),
            "weight_hh": (gates, out),
        }
        if self.bias:
            shapes |= {"bias_ih": (gates,), "bias_hh": (gates,)}
        if self.proj_size:
            shapes["weight_hr"] = (self.proj_size, self.hidden_size)
        for name, shape in shapes.items():
            setattr(self, name + suffix, Parameter(ops.empty(shape, **where)))
        self._all_weights.append([name + suffix for name in shapes])

    @property
    def all_weights(self) -> list[list[Parameter]]:
        """The parameters, one list for each layer and direction."""
        return [[getattr(self, name) for name in names] for names in self._all_weights]

    def reset_parameters(self) -> None:
        """Draw all parameters anew from ``±1/sqrt(hidden_size)``."""
        bound = 1.0 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    def flatten_parameters(self) -> None:
        """Nothing: the layout of memory is the compiler's business."""

    def extra_repr(self) -> str:
        """The sizes, and what differs from its default."""
        text = f"{self.input_size}, {self.hidden_size}"
        for name, default in (
            ("proj_size", 0),
            ("num_layers", 1),
            ("bias", True),
            ("batch_first", False),
            ("dropout", 0),
            ("bidirectional", False),
        ):
            if getattr(self, name) != default:
                text += f", {name}={getattr(self, name)}"
        return text

    # ---------------------------------------------------------------------------- running

    def _state_sizes(self, batch: int) -> list[tuple[int, int, int]]:
        """The shape of each member of the state."""
        rows = self.num_layers * (2 if self.bidirectional else 1)
        hidden = (rows, batch, self.proj_size or self.hidden_size)
        return [hidden, (rows, batch, self.hidden_size)] if self.mode == "LSTM" else [hidden]

    def _check_state(self, given: State, batched: bool, batch: int) -> None:
        """Check a state from the user, before an unbatched one gets its batch dimension."""
        ndim = 3 if batched else 2
        kind = "batched 3-D" if batched else "unbatched 2-D"
        if any(member.dim() != ndim for member in given):
            if len(given) == 2:
                dims = ", ".join(f"{member.dim()}-D" for member in given)
                raise RuntimeError(
                    f"For {kind} input, hx and cx should also be {ndim}-D but got ({dims}) tensors"
                )
            raise RuntimeError(
                f"For {kind} input, hx should also be {ndim}-D but got {given[0].dim()}-D tensor"
            )
        for index, (member, expected) in enumerate(
            zip(given, self._state_sizes(batch), strict=True)
        ):
            size = tuple(member.shape) if batched else (member.shape[0], 1, member.shape[1])
            if size != expected:
                label = f"hidden[{index}]" if len(given) == 2 else "hidden"
                raise RuntimeError(f"Expected {label} size {expected}, got {list(size)}")

    def _scan(
        self, x: Tensor, state: State, names: list[str], reverse: bool, lengths: Tensor | None
    ) -> tuple[Tensor, State]:
        """Run one layer in one direction over ``(L, N, *)``."""
        weights = {name.rpartition("_l")[0]: getattr(self, name) for name in names}
        step = _STEPS[self.mode][1]
        gates = F.linear(x, weights["weight_ih"], weights.get("bias_ih")).unbind(0)
        recurrent = [weights["weight_hh"], weights.get("bias_hh")]
        if self.proj_size:
            recurrent.append(weights["weight_hr"])
        outputs: list[Tensor] = []
        steps = range(len(gates))
        for t in reversed(steps) if reverse else steps:
            new = step(gates[t], state, *recurrent)
            if lengths is None:
                state = new
                outputs.append(state[0])
                continue
            inside = (lengths > t).unsqueeze(1)
            state = tuple(ops.where(inside, n, s) for n, s in zip(new, state, strict=True))
            outputs.append(ops.where(inside, new[0], ops.zeros_like(new[0])))
        out = ops.stack(outputs[::-1] if reverse else outputs)
        if self._prints_as_fused(out, lengths):
            out._node.__class__ = node_class("MkldnnRnnLayerBackward0")
        return out, state

    def _prints_as_fused(self, out: Tensor, lengths: Tensor | None) -> bool:
        """Whether PyTorch would run this scan as one operator, whose name then is printed."""
        fused = self.mode == "LSTM" and not self.proj_size and lengths is None
        return fused and out.dtype is float32 and out._node is not None

    def _run(self, x: Tensor, state: State, lengths: Tensor | None) -> tuple[Tensor, State]:
        """Run all layers over ``(L, N, *)``."""
        directions = 2 if self.bidirectional else 1
        finals: list[State] = []
        for layer in range(self.num_layers):
            if layer and self.dropout:
                x = F.dropout(x, self.dropout, self.training)
            outputs = []
            for direction in range(directions):
                row = layer * directions + direction
                start = tuple(member[row] for member in state)
                names = self._all_weights[row]
                out, final = self._scan(x, start, names, direction == 1, lengths)
                outputs.append(out)
                finals.append(final)
            x = outputs[0] if directions == 1 else ops.cat(outputs, -1)
        return x, tuple(ops.stack(members) for members in zip(*finals, strict=True))

    def _forward_packed(self, packed: PackedSequence, hx: Any) -> tuple[Any, Any]:
        """Run over a packed batch: padded, the state of a sequence held still after its end."""
        ordered = PackedSequence(packed.data, packed.batch_sizes)
        x, lengths = pad_packed_sequence(ordered)
        batch = x.shape[1]
        state = self._initial_state(x, batch) if hx is None else self._as_state(hx)
        self._check_state(state, True, batch)
        if hx is not None and packed.sorted_indices is not None:
            state = tuple(member.index_select(1, packed.sorted_indices) for member in state)
        out, final = self._run(x, state, lengths)
        if packed.unsorted_indices is not None:
            final = tuple(member.index_select(1, packed.unsorted_indices) for member in final)
        repacked = pack_padded_sequence(out, lengths)
        result = PackedSequence(
            repacked.data, packed.batch_sizes, packed.sorted_indices, packed.unsorted_indices
        )
        return result, final if self.mode == "LSTM" else final[0]

    def _as_state(self, hx: Any) -> State:
        return tuple(hx) if self.mode == "LSTM" else (hx,)

    def _initial_state(self, x: Tensor, batch: int) -> State:
        return tuple(ops.zeros(shape, dtype=x.dtype) for shape in self._state_sizes(batch))

    def forward(self, input: Any, hx: Any = None) -> tuple[Any, Any]:
        """Run over a sequence.

        Args:
            input: ``(L, N, input_size)``, ``(N, L, input_size)`` if ``batch_first``, unbatched
                ``(L, input_size)``, or a PackedSequence.
            hx: the state before the first step (for an LSTM a pair), ``(layers * directions, N,
                size)``; default zeros.

        Returns:
            The outputs of the last layer at all steps, and the state after the last.

        Raises:
            ValueError: if ``input`` has another number of dimensions.
            RuntimeError: if sizes do not fit.
        """
        if isinstance(input, PackedSequence):
            return self._forward_packed(input, hx)
        if input.dim() not in (2, 3):
            raise ValueError(
                f"{self._get_name()}: Expected input to be 2D or 3D, got {input.dim()}D instead"
            )
        if input.size(-1) != self.input_size:
            raise RuntimeError(
                f"input.size(-1) must be equal to input_size. Expected {self.input_size}, "
                f"got {input.size(-1)}"
            )
        batched = input.dim() == 3
        x = input if batched else input.unsqueeze(1)
        if batched and self.batch_first:
            x = x.transpose(0, 1)
        batch = x.shape[1]
        if hx is None:
            state = self._initial_state(x, batch)
        else:
            state = self._as_state(hx)
            self._check_state(state, batched, batch)
            if not batched:
                state = tuple(member.unsqueeze(1) for member in state)
        out, final = self._run(x, state, None)
        if not batched:
            out, final = out.squeeze(1), tuple(member.squeeze(1) for member in final)
        elif self.batch_first:
            out = out.transpose(0, 1)
            if self.mode != "LSTM" and out._node is not None:
                out._node.__class__ = node_class("TransposeBackward1")  # as PyTorch prints it
        return out, final if self.mode == "LSTM" else final[0]


class RNN(RNNBase):
    """``h' = tanh(W_ih x + b_ih + W_hh h + b_hh)``, or relu.

    Args:
        input_size: size of an input.
        hidden_size: size of the hidden state.
        num_layers: number of layers.
        nonlinearity: tanh or relu.
        args: the further arguments of ``RNNBase`` from ``bias`` on.
        kwargs: the same by name.

    Raises:
        ValueError: for another nonlinearity, or if ``proj_size`` is given.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        *args: Any,
        **kwargs: Any,
    ) -> None:
        _reject_projection(kwargs)
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(
                f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or 'relu'."
            )
        mode = "RNN_" + nonlinearity.upper()
        super().__init__(mode, input_size, hidden_size, num_layers, *args, **kwargs)
        self.nonlinearity = nonlinearity


class LSTM(RNNBase):
    """Long short-term memory; arguments as in ``RNNBase`` without ``mode``."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__("LSTM", *args, **kwargs)


class GRU(RNNBase):
    """Gated recurrent unit; arguments as in ``RNNBase`` without ``mode`` and ``proj_size``."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        _reject_projection(kwargs)
        super().__init__("GRU", *args, **kwargs)


def _reject_projection(kwargs: dict[str, Any]) -> None:
    if "proj_size" in kwargs:
        raise ValueError("proj_size argument is only supported for LSTM, not RNN or GRU")


class RNNCellBase(Module):
    """What the cells share.

    Args:
        input_size: size of an input.
        hidden_size: size of the hidden state.
        bias: whether there are biases.
        num_chunks: number of gates.
        device: where parameters are created.
        dtype: of which type.
    """

    _step: Callable[..., State]

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool,
        num_chunks: int,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.bias = bias
        where = {"device": device, "dtype": dtype}
        gates = num_chunks * hidden_size
        self.weight_ih = Parameter(ops.empty((gates, input_size), **where))
        self.weight_hh = Parameter(ops.empty((gates, hidden_size), **where))
        for name in ("bias_ih", "bias_hh"):
            self.register_parameter(name, Parameter(ops.empty(gates, **where)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw all parameters anew from ``±1/sqrt(hidden_size)``."""
        bound = 1.0 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    def extra_repr(self) -> str:
        """The sizes, and what differs from its default."""
        text = f"{self.input_size}, {self.hidden_size}"
        if self.bias is not True:
            text += f", bias={self.bias}"
        if getattr(self, "nonlinearity", "tanh") != "tanh":
            text += f", nonlinearity={self.nonlinearity}"
        return text

    def _check(self, input: Tensor, state: State, labels: tuple[str, ...]) -> None:
        name = self._get_name()
        if input.dim() not in (1, 2):
            raise ValueError(f"{name}: Expected input to be 1D or 2D, got {input.dim()}D instead")
        for member, label in zip(state, labels, strict=True):
            if member.dim() not in (1, 2):
                raise ValueError(
                    f"{name}: Expected {label} to be 1D or 2D, got {member.dim()}D instead"
                )
        if input.size(-1) != self.input_size:
            raise RuntimeError(
                f"input has inconsistent input_size: got {input.size(-1)} "
                f"expected {self.input_size}"
            )
        for index, member in enumerate(state):
            if input.dim() == 2 and member.size(0) != input.size(0):
                raise RuntimeError(
                    f"Input batch size {input.size(0)} doesn't match hidden{index} batch size "
                    f"{member.size(0)}"
                )
            if member.size(-1) != self.hidden_size:
                raise RuntimeError(
                    f"hidden{index} has inconsistent hidden_size: got {member.size(-1)}, "
                    f"expected {self.hidden_size}"
                )

    def _advance(
        self, step: Callable[..., State], input: Tensor, hx: State | None, labels: tuple[str, ...]
    ) -> State:
        """One step from the state ``hx`` (default: zeros)."""
        if hx is None:
            shape = (*input.shape[:-1], self.hidden_size)
            hx = tuple(ops.zeros(shape, dtype=input.dtype) for _ in labels)
        self._check(input, hx, labels)
        gates = F.linear(input, self.weight_ih, self.bias_ih)
        return step(gates, hx, self.weight_hh, self.bias_hh)


class RNNCell(RNNCellBase):
    """One step of an RNN.

    Args:
        input_size: size of an input.
        hidden_size: size of the hidden state.
        bias: whether there are biases.
        nonlinearity: tanh or relu.
        device: where parameters are created.
        dtype: of which type.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        """``(N, input_size)`` and ``(N, hidden_size)``, or both unbatched, to the next hidden
        state.
        """
        if self.nonlinearity not in ("tanh", "relu"):
            raise RuntimeError(f"Unknown nonlinearity: {self.nonlinearity}")
        step = _STEPS["RNN_" + self.nonlinearity.upper()][1]
        return self._advance(step, input, None if hx is None else (hx,), ("hidden",))[0]


class LSTMCell(RNNCellBase):
    """One step of an LSTM.

    Args:
        input_size: size of an input.
        hidden_size: size of the hidden state.
        bias: whether there are biases.
        device: where parameters are created.
        dtype: of which type.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 4, device, dtype)

    def forward(self, input: Tensor, hx: State | None = None) -> State:
        """``(N, input_size)`` and the pair ``(h, c)``, or unbatched, to the next pair."""
        return self._advance(_lstm_step, input, hx, ("hx[0]", "hx[1]"))


class GRUCell(RNNCellBase):
    """One step of a GRU.

    Args:
        input_size: size of an input.
        hidden_size: size of the hidden state.
        bias: whether there are biases.
        device: where parameters are created.
        dtype: of which type.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 3, device, dtype)

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        """``(N, input_size)`` and ``(N, hidden_size)``, or both unbatched, to the next hidden
        state.
        """
        return self._advance(_gru_step, input, None if hx is None else (hx,), ("hidden",))[0]
