"""``python -m rushlight``: scripts run as under ``python``, with ``torch`` being Rushlight."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

# A stand-in for an installed PyTorch that must never be imported.
REAL_TORCH = "raise SystemExit('the installed torch was imported')"


@pytest.fixture
def run(tmp_path):
    """Runs ``python -m rushlight ARGUMENTS`` beside an installed ``torch``."""
    for name in ("torch", "torchvision"):
        package = tmp_path / "site" / name
        package.mkdir(parents=True)
        (package / "__init__.py").write_text(REAL_TORCH)
        (package / "jit.py").write_text(REAL_TORCH)

    def call(*arguments, stdin="", code=0):
        environment = {"PYTHONPATH": str(tmp_path / "site"), "PATH": "/usr/bin:/bin"}
        done = subprocess.run(
            [sys.executable, "-m", "rushlight", *map(str, arguments)],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=environment,
            input=stdin,
            timeout=120,
        )
        assert done.returncode == code, done.stderr
        return done

    return call


def script(tmp_path: Path, text: str, name: str = "script.py") -> Path:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


def test_modules_are_the_same_objects_under_both_names(run, tmp_path):
    text = """
import sys
import torch, torchvision, rushlight, rushlight.vision
import torch.nn as nn, torch.nn.functional as F, torch.optim.lr_scheduler, torch.utils.data
import torch.nn.init, torch.nn.utils, torch.autograd, torch.cuda
import torchvision.transforms.functional, torchvision.datasets, torchvision.io, torchvision.utils
from torch import nn as again
assert torch is rushlight and torchvision is rushlight.vision and again is nn
assert nn is rushlight.nn and F is rushlight.nn.functional
for name, module in list(sys.modules.items()):
    root, dot, rest = name.partition(".")
    if root == "torch":
        assert module is sys.modules["rushlight" + dot + rest], name
    if root == "torchvision":
        assert module is sys.modules["rushlight.vision" + dot + rest], name
assert nn.__spec__.name == nn.__name__ == "rushlight.nn"
print(torch.tensor([1.0, 2.0]) + 1)
"""
    assert run(script(tmp_path, text)).stdout == "tensor([2., 3.])\n"


def test_the_script_sees_what_python_would_show_it(run, tmp_path):
    text = """
import sys
print(__name__, __file__, __spec__, __package__, sys.argv, sys.path[0])
import __main__
print(__main__.__dict__ is globals())
import neighbour
"""
    path = script(tmp_path, text, "folder/script.py")
    script(tmp_path, "print('neighbour')", "folder/neighbour.py")
    ours = run("folder/script.py", "-x", "--m=1").stdout
    python = subprocess.run(
        [sys.executable, "folder/script.py", "-x", "--m=1"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert ours == python.stdout
    assert str(path) in ours


def test_code_module_folder_zip_and_standard_input(run, tmp_path):
    package = tmp_path / "package"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(
        "import sys, torch; from . import part; print(__name__, __package__, sys.argv[1:])"
    )
    (package / "part.py").touch()
    with zipfile.ZipFile(tmp_path / "app.zip", "w") as archive:
        archive.writestr("__main__.py", "import torch; print(torch.ones(1).item(), __name__)")
    code = "import torch, sys; print(torch.__name__, sys.argv)"
    assert run("-c", code, "a").stdout == "rushlight ['-c', 'a']\n"
    assert run("-m", "package", "a").stdout == "__main__ package ['a']\n"
    assert run("app.zip").stdout == "1.0 __main__\n"
    assert run("-", "a", stdin=code).stdout == "rushlight ['-', 'a']\n"


WORKERS = """
import multiprocessing, pickle, sys
import torch
from torch import nn

class Net(nn.Linear):
    pass

def work(queue, net, tensor):
    import torch.nn
    same = torch is sys.modules["rushlight"] and torch.nn is sys.modules["rushlight.nn"]
    queue.put((same, type(net) is Net, tensor.sum().item()))

if __name__ == "__main__":
    assert b"rushlight" in pickle.dumps(nn.ReLU()) and b"torch" not in pickle.dumps(nn.ReLU())
    assert type(pickle.loads(pickle.dumps(Net(1, 1)))) is Net
    for method in sys.argv[1:]:
        context = multiprocessing.get_context(method)
        queue = context.Queue()
        worker = context.Process(target=work, args=(queue, Net(2, 2), torch.ones(3)))
        worker.start()
        print(method, *queue.get(timeout=60))
        worker.join()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="fork and forkserver are for POSIX")
def test_workers_of_every_start_method_get_rushlight(run, tmp_path):
    out = run(script(tmp_path, WORKERS), "fork", "spawn", "forkserver").stdout
    assert out == "".join(f"{m} True True 3.0\n" for m in ("fork", "spawn", "forkserver"))


def test_spawned_workers_of_a_module(run, tmp_path):
    script(tmp_path, WORKERS, "program.py")
    assert run("-m", "program", "spawn").stdout == "spawn True True 3.0\n"


def test_other_programs_that_a_script_starts_are_not_affected(run, tmp_path):
    text = "import subprocess, sys, torch; subprocess.run([sys.executable, '-c', 'import torch'])"
    assert "the installed torch was imported" in run(script(tmp_path, text)).stderr


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("import torch.jit", "torch.jit"),
        ("from torch import nothing_like_this", "torch.nothing_like_this"),
        ("from torch.nn import Nothing", "torch.nn.Nothing"),
        ("import torch\ntorch.nothing_like_this", "nothing_like_this"),
        ("import torch\ntorch.nn.Nothing", "Nothing"),
        ("import torch.graph", "torch.graph"),
        ("from torchvision import nothing_like_this", "torchvision.nothing_like_this"),
    ],
)
def test_missing_names_are_named_with_where_to_look(run, text, name):
    error = run("-c", text, code=1).stderr
    assert name in error
    assert "docs/supported.md" in error
    assert error.startswith("Traceback")
    assert "runpy" not in error
    assert "runner.py" not in error


def test_a_traceback_begins_in_the_script(run, tmp_path):
    path = script(tmp_path, "def f():\n    return 1 / 0\n\nf()\n")
    ours = run(path, code=1).stderr
    python = subprocess.run([sys.executable, path], capture_output=True, text=True)
    assert ours == python.stderr


def test_a_syntax_error_is_shown_as_by_python(run, tmp_path):
    path = script(tmp_path, "x = = 1\n")
    python = subprocess.run([sys.executable, path], capture_output=True, text=True)
    assert run(path, code=1).stderr == python.stderr


def test_exit_codes_are_the_scripts(run):
    run("-c", "raise SystemExit(7)", code=7)
    assert run("-c", "raise SystemExit('reason')", code=1).stderr == "reason\n"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["nowhere.py"], 2, "can't open file"),
        (["-m", "nowhere"], 1, "no module named 'nowhere'"),
        (["-m", "no.where"], 1, "No module named 'no'"),
        (["-m"], 2, "argument expected"),
        (["--fast"], 2, "unknown option --fast"),
        ([], 2, "usage: python -m rushlight"),
    ],
)
def test_what_cannot_be_run_is_refused_without_a_traceback(run, arguments, code, words):
    error = run(*arguments, code=code).stderr
    assert words in error
    assert "Traceback" not in error


def test_an_imported_torch_is_not_replaced(run):
    text = "import sys, types, importlib; sys.modules['torch'] = types.ModuleType('torch')\n"
    text += "from rushlight import compat; compat.install()"
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True)
    assert done.returncode == 1
    assert "another 'torch' is already imported" in done.stderr
