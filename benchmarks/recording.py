"""What recording a small op costs, side by side with PyTorch's eager call.

Rounds alternate between the two; each round records 100 ops, as a training step does, and then runs
what is pending outside the clock. Prints medians and their ratio. Without PyTorch: ours alone.

    python benchmarks/recording.py
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

OPS_PER_ROUND = 100
ROUNDS = 300


def cases(torch: Any) -> dict[str, Callable[[], Any]]:
    """The ops, on 8x8 tensors; ``w`` requires grad."""
    a = torch.ones(8, 8)
    w = torch.ones(8, 8, requires_grad=True)
    return {
        "a + a": lambda: a + a,
        "a * 2.0": lambda: a * 2.0,
        "w + a, with grad": lambda: w + a,
        "w * a, with grad": lambda: w * a,
        "relu(w), with grad": lambda: torch.relu(w),
        "exp(w), with grad": lambda: w.exp(),
        "w @ a, with grad": lambda: w @ a,
        "a.sum()": lambda: a.sum(),
        "a.view(64)": lambda: a.view(64),
        "a.t()": lambda: a.t(),
        "a[1]": lambda: a[1],
    }


def measure(op: Callable[[], Any], settle: Callable[[], None]) -> float:
    """Microseconds per op in one round."""
    settle()
    began = time.perf_counter()
    for _ in range(OPS_PER_ROUND):
        op()
    return (time.perf_counter() - began) / OPS_PER_ROUND * 1e6


def main() -> None:
    """Print the table."""
    import rushlight

    sides = {"rushlight": (cases(rushlight), rushlight.flush)}
    try:
        import torch

        torch.set_num_threads(1)
        sides["torch"] = (cases(torch), lambda: None)
    except ImportError:
        print("PyTorch is not installed: no ratio")
    names = list(sides["rushlight"][0])
    times: dict[tuple[str, str], list[float]] = {}
    for _ in range(ROUNDS):
        for name in names:
            for side, (ops, settle) in sides.items():
                times.setdefault((side, name), []).append(measure(ops[name], settle))
    print(f"{'op':22s}" + "".join(f"{side:>12s}" for side in sides) + "       ratio")
    for name in names:
        medians = [statistics.median(times[side, name]) for side in sides]
        ratio = f"{medians[0] / medians[1]:12.2f}" if len(medians) == 2 else ""
        print(f"{name:22s}" + "".join(f"{m:9.2f} us" for m in medians) + ratio)


if __name__ == "__main__":
    main()
