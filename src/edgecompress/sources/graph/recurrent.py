"""LSTM, GRU and RNN, step by step. The gates of a weight are in ONNX's order: i, o, f, c and z, r, h."""

from collections.abc import Callable
from typing import Any

import torch

from edgecompress.sources.graph.node import Function, Node, Value

_ACTIVATIONS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "Sigmoid": torch.sigmoid,
    "Tanh": torch.tanh,
    "Relu": torch.relu,
}
_DEFAULTS = {"LSTM": ("Sigmoid", "Tanh", "Tanh"), "GRU": ("Sigmoid", "Tanh"), "RNN": ("Tanh",)}
Step = Callable[..., tuple[torch.Tensor, ...]]


def _lstm(
    node: Node, functions: list[Any], x: torch.Tensor, r: torch.Tensor, rb: torch.Tensor, h: torch.Tensor,
    c: torch.Tensor, p: Value,
) -> tuple[torch.Tensor, ...]:  # fmt: skip
    del node
    gate, cell, out = functions
    i, o, f, g = (x + h @ r.T + rb).chunk(4, -1)
    if p is not None:
        pi, po, pf = p.chunk(3, -1)
        i, f = i + pi * c, f + pf * c
    c = gate(f) * c + gate(i) * cell(g)
    o = o if p is None else o + po * c
    return gate(o) * out(c), c


def _gru(
    node: Node, functions: list[Any], x: torch.Tensor, r: torch.Tensor, rb: torch.Tensor, h: torch.Tensor,
    c: torch.Tensor, p: Value,
) -> tuple[torch.Tensor, ...]:  # fmt: skip
    del p
    gate, hidden = functions
    size = h.shape[-1]
    xz, xr, xh = x.chunk(3, -1)
    z, reset = (gate(part) for part in (torch.cat([xz, xr], -1) + h @ r[: 2 * size].T + rb[: 2 * size]).chunk(2, -1))
    if node.get("linear_before_reset", 0):
        new = hidden(xh + reset * (h @ r[2 * size :].T + rb[2 * size :]))
    else:
        new = hidden(xh + (reset * h) @ r[2 * size :].T + rb[2 * size :])
    return (1 - z) * new + z * h, c


def _rnn(
    node: Node, functions: list[Any], x: torch.Tensor, r: torch.Tensor, rb: torch.Tensor, h: torch.Tensor,
    c: torch.Tensor, p: Value,
) -> tuple[torch.Tensor, ...]:  # fmt: skip
    del node, p
    return functions[0](x + h @ r.T + rb), c


def recurrent(step: Step) -> Function:
    """One of the three, in one or both directions."""

    def apply(
        node: Node, x: torch.Tensor, w: torch.Tensor, r: torch.Tensor, b: Value = None, lengths: Value = None,
        h0: Value = None, c0: Value = None, p: Value = None,
    ) -> tuple[torch.Tensor, ...]:  # fmt: skip
        _check(node, x, lengths)
        batch_first = bool(node.get("layout", 0))
        x = x.transpose(0, 1) if batch_first else x
        for start in (h0, c0):
            if start is not None and start.shape[0 if batch_first else 1] != x.shape[1]:
                raise ValueError(f"{node.op_type} with a state of {list(start.shape)} for {x.shape[1]} sequences")
        count, size = w.shape[0], r.shape[2]
        names = node.get("activations") or _DEFAULTS[node.op_type] * count
        functions = [_ACTIVATIONS[name] for name in names]
        each = len(functions) // count
        ys, hs, cs = [], [], []
        for number in range(count):
            backwards = node.get("direction", "forward") == "reverse" or number == 1
            wb, rb = b[number].chunk(2) if b is not None else [x.new_zeros(r.shape[1])] * 2
            h, c = (
                x.new_zeros(x.shape[1], size) if start is None else (start[:, number] if batch_first else start[number])
                for start in (h0, c0)
            )
            gates = x @ w[number].T + wb
            peep = None if p is None else p[number]
            found = []
            for part in reversed(gates.unbind()) if backwards else gates.unbind():
                h, c = step(node, functions[number * each : (number + 1) * each], part, r[number], rb, h, c, peep)
                found.append(h)
            ys.append(torch.stack(found[::-1] if backwards else found))
            hs.append(h)
            cs.append(c)
        y, h, c = torch.stack(ys, 1), torch.stack(hs), torch.stack(cs)
        if batch_first:
            y, h, c = y.permute(2, 0, 1, 3), h.transpose(0, 1), c.transpose(0, 1)
        return (y, h, c) if node.op_type == "LSTM" else (y, h)

    return apply


def _check(node: Node, x: torch.Tensor, lengths: Value) -> None:
    """Refuse what is not computed here."""
    if lengths is not None and not bool((lengths == x.shape[node.get("layout", 0)]).all()):
        raise ValueError(f"{node.op_type} with lengths of sequences")
    if node.get("clip") or node.get("input_forget"):
        raise ValueError(f"{node.op_type} with clip or input_forget")
    unknown = [name for name in node.get("activations") or () if name not in _ACTIVATIONS]
    if unknown or node.get("activation_alpha") or node.get("activation_beta"):
        raise ValueError(f"{node.op_type} with activations {', '.join(node.get('activations') or ())}")


FUNCTIONS: dict[str, Function] = {"LSTM": recurrent(_lstm), "GRU": recurrent(_gru), "RNN": recurrent(_rnn)}
