"""How long ``import rushlight`` takes, as a ratio to ``import numpy``.

    python benchmarks/import_time.py [--rounds N] [--limit RATIO]

Both are imported in fresh processes that take turns, so that whatever else the machine does meets
both alike; the ratio is that of the medians, of the time inside the import statement. Ends with
code 1 if the ratio exceeds the limit, or if something was loaded that belongs to a later moment.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys

# Some machines keep Python from caching bytecode; compiling the source is not what is measured.
ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
LATER = ("llvmlite", "PIL", "matplotlib", "pandas", "safetensors", "typer", "rich")


def seconds(module: str) -> float:
    """The time of the statement ``import module`` in a fresh process."""
    code = (
        "import time; began = time.perf_counter(); "
        f"import {module}; print(time.perf_counter() - began)"
    )
    return float(subprocess.check_output([sys.executable, "-c", code], env=ENVIRONMENT))


def loaded_too_early() -> list[str]:
    """Those of `LATER` that ``import rushlight`` loads."""
    code = f"import sys, rushlight; print(*(set({LATER}) & set(sys.modules)))"
    return subprocess.check_output([sys.executable, "-c", code], text=True).split()


def main() -> None:
    parser = argparse.ArgumentParser(description="import rushlight against import numpy")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--limit", type=float, default=1.5)
    options = parser.parse_args()
    times: dict[str, list[float]] = {"numpy": [], "rushlight": []}
    for module in times:
        seconds(module)  # The first import writes the bytecode.
    for _ in range(options.rounds):
        for module, taken in times.items():
            taken.append(seconds(module))
    medians = {module: statistics.median(taken) for module, taken in times.items()}
    ratio = medians["rushlight"] / medians["numpy"]
    for module, median in medians.items():
        print(f"import {module:<10} {median * 1000:7.1f} ms")
    print(f"ratio             {ratio:7.2f}    (at most {options.limit:g})")
    early = loaded_too_early()
    if early:
        print(f"loaded too early: {', '.join(early)}")
    sys.exit(1 if early or ratio > options.limit else 0)


if __name__ == "__main__":
    main()
