"""``python -m rushlight``: runs a script the way ``python`` does, with the aliases installed.

The script gets what Python would give it: its own ``__main__`` module (so that pickle and
multiprocessing find its classes), ``sys.argv``, its folder as ``sys.path[0]``, the same exit
codes, and tracebacks without the frames of this module.
"""

from __future__ import annotations

import builtins
import os
import sys
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import find_spec
from types import ModuleType, TracebackType
from typing import NoReturn

from rushlight import compat
from rushlight.compat import missing

USAGE = """\
usage: python -m rushlight SCRIPT [ARGUMENT...]
       python -m rushlight -m MODULE [ARGUMENT...]
       python -m rushlight -c CODE [ARGUMENT...]

Runs a PyTorch script on Rushlight: `torch` and `torchvision` are Rushlight in that process and
its workers. The command `rushlight` trains and tests networks; see `rushlight --help`."""


def main(arguments: list[str]) -> None:
    """Run what the command line names; returns when the script does."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print(USAGE, file=sys.stdout if arguments else sys.stderr)
        sys.exit(0 if arguments else 2)
    target, rest = arguments[0], arguments[1:]
    sys.excepthook = _report
    compat.install()
    if target in ("-c", "-m"):
        if not rest:
            _refuse(f"argument expected for the {target} option\n{USAGE}")
        run = run_code if target == "-c" else run_module
        run(rest[0], rest[1:])
    elif target.startswith("-") and target != "-":
        _refuse(f"unknown option {target}\n{USAGE}")
    else:
        run_path(target, rest)


def run_code(source: str, arguments: list[str]) -> None:
    """Run ``source`` as ``python -c source arguments`` would."""
    sys.argv = ["-c", *arguments]
    _set_script_folder("")
    _execute(source, "<string>")


def run_path(path: str, arguments: list[str]) -> None:
    """Run a script, or a folder or zip file with a ``__main__.py``, as Python would.

    ``-`` reads the script from the standard input.
    """
    sys.argv = [path, *arguments]
    if path == "-":
        _set_script_folder("")
        _execute(sys.stdin.read(), "<stdin>")
    elif _is_importable(path):
        _set_script_folder(os.path.abspath(path))
        spec = PathFinder.find_spec("__main__", [os.path.abspath(path)])
        if spec is None:
            _refuse(f"can't find '__main__' module in {path!r}", code=1)
        _execute_module(spec)
    else:
        source = _read(path)
        # Python resolves symbolic links here: the script's neighbours are the real file's.
        _set_script_folder(os.path.dirname(os.path.realpath(path)))
        file = os.path.abspath(path)
        _execute(source, file, file=file)


def run_module(name: str, arguments: list[str]) -> None:
    """Run the module ``name`` as ``python -m name arguments`` would."""
    sys.argv = ["-m", *arguments]
    _set_script_folder(os.getcwd())
    try:
        spec = find_spec(name)
        if spec is not None and spec.submodule_search_locations is not None:
            spec = find_spec(f"{name}.__main__")
    except ModuleNotFoundError as error:
        _refuse(f"error while finding module {name!r}: {error}", code=1)
    if spec is None:
        _refuse(f"no module named {name!r} that can be run", code=1)
    sys.argv[0] = spec.origin or name
    _execute_module(spec)


def _execute(source: str | bytes, filename: str, *, file: str | None = None) -> None:
    """Run ``source`` as the module ``__main__``; ``file`` is its ``__file__``."""
    module = _new_main()
    if file is not None:
        module.__file__ = file
        module.__loader__ = SourceFileLoader("__main__", file)
    exec(compile(source, filename, "exec", dont_inherit=True), module.__dict__)


def _execute_module(spec: ModuleSpec) -> None:
    """Run the module that ``spec`` found as the module ``__main__``."""
    # zipimporter has the method without being registered as an InspectLoader.
    get_code = getattr(spec.loader, "get_code", None)
    code = get_code(spec.name) if get_code is not None else None
    if code is None:
        _refuse(f"no code object available for {spec.name}", code=1)
    module = _new_main()
    module.__spec__, module.__loader__, module.__package__ = spec, spec.loader, spec.parent
    if spec.origin is not None:
        module.__file__ = spec.origin
    exec(code, module.__dict__)


def _new_main() -> ModuleType:
    module = sys.modules["__main__"] = ModuleType("__main__")
    module.__dict__["__builtins__"] = builtins
    return module


def _set_script_folder(folder: str) -> None:
    """Put ``folder`` where ``python -m`` put the working folder (not at all under ``-P``)."""
    if not sys.flags.safe_path:
        sys.path[0] = folder


def _is_importable(path: str) -> bool:
    from zipfile import is_zipfile

    return os.path.isdir(path) or (os.path.isfile(path) and is_zipfile(path))


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        reason = f"[Errno {error.errno}] {error.strerror}"
        _refuse(f"can't open file {os.path.abspath(path)!r}: {reason}")


def _refuse(message: str, code: int = 2) -> NoReturn:
    print(f"rushlight: {message}", file=sys.stderr)
    sys.exit(code)


def _report(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Show an uncaught error from the script's own first frame on."""
    script = sys.modules["__main__"].__dict__
    while trace is not None and trace.tb_frame.f_globals is not script:
        trace = trace.tb_next
    missing.explain(error)
    sys.__excepthook__(kind, error.with_traceback(trace), trace)
