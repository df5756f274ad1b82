"""A pickle machine that can only build what it is told to.

Python's own unpickler imports and calls whatever a file names. This one asks ``resolve`` about each
name and gets a :class:`Maker` (which checks its arguments), or a plain value, or an error; there is
no other way to run anything. The opcodes are those of protocols 1 to 5 that plain data needs.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from pickle import UnpicklingError
from typing import IO, Any

Resolve = Callable[[str, str], Any]

_KEY_BUDGET = 10_000
_MARK = object()


class Maker:
    """A name in a pickle that may be called.

    Args:
        name: what messages call it.
        make: called with the arguments that the pickle gives; it must check them.
        new: the same for the opcode that makes instances without ``__init__``; default ``make``.
        build: ``build(obj, state)`` sets the state of what ``make`` made, where that is allowed.
        value: the class or function itself, for those who need it.
    """

    __slots__ = ("build", "make", "name", "new", "value")

    def __init__(
        self,
        name: str,
        make: Callable[..., Any],
        build: Callable[[Any, Any], None] | None = None,
        value: Any = None,
        new: Callable[..., Any] | None = None,
    ) -> None:
        self.name = name
        self.make = make
        self.new = new or make
        self.build = build
        self.value = value

    def __repr__(self) -> str:
        return f"<{self.name}>"


def check_key(key: Any) -> None:
    """Refuse dictionary keys and set members that cannot be hashed, or not in reasonable time.

    A tuple that holds another tuple twice, sixty times over, is small in the file but takes 2**60
    steps to hash.
    """
    todo, budget = [key], _KEY_BUDGET
    while todo:
        budget -= 1
        if budget < 0:
            raise UnpicklingError("a dictionary key is nested too deeply or too large")
        k = todo.pop()
        if isinstance(k, (tuple, frozenset)):
            todo.extend(k)
    try:
        hash(key)
    except TypeError as e:
        raise UnpicklingError(f"a {type(key).__name__} cannot be a dictionary key: {e}") from e


class SafeUnpickler:
    """Reads one pickle.

    Args:
        file: positioned at the start of the pickle; afterwards it stands behind it.
        resolve: ``(module, name)`` to a :class:`Maker` or a value; raises for what is not allowed.
        persistent_load: what a persistent id, a tuple of plain values, stands for.
        encoding: how byte strings that Python 2 wrote become ``str``.
        can_extend: ``(obj)`` says whether list items or dict items may be added to an object that
            is no plain list or dict (classes that the user allowed).
        builder: ``(obj)`` gives the function that sets the state of ``obj``, or None.
    """

    def __init__(
        self,
        file: IO[bytes],
        resolve: Resolve,
        persistent_load: Callable[[Any], Any],
        *,
        encoding: str = "utf-8",
        builder: Callable[[Any], Callable[[Any, Any], None] | None] | None = None,
        can_extend: Callable[[Any], bool] | None = None,
    ) -> None:
        self._file = file
        self._resolve = resolve
        self._persistent_load = persistent_load
        self._encoding = encoding
        self._builder = builder or (lambda obj: None)
        self._can_extend = can_extend or (lambda obj: False)
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}

    def load(self) -> Any:
        """The object that the pickle describes.

        Raises:
            UnpicklingError: the pickle is malformed, or names what ``resolve`` does not allow.
            EOFError: the pickle ends too early.
        """
        read, handlers = self._file.read, _HANDLERS
        while True:
            code = read(1)
            if not code:
                raise EOFError("Ran out of input: the pickle ends too early")
            if code == b".":
                return self._pop()
            handler = handlers.get(code[0])
            if handler is None:
                raise UnpicklingError(f"Unsupported operand {code[0]}")
            handler(self)

    # The stack

    def _pop(self) -> Any:
        if not self._stack or self._stack[-1] is _MARK:
            raise UnpicklingError("malformed pickle: pop from empty list")
        return self._stack.pop()

    def _top(self) -> Any:
        if not self._stack or self._stack[-1] is _MARK:
            raise UnpicklingError("malformed pickle: nothing on the stack")
        return self._stack[-1]

    def _pop_to_mark(self) -> list[Any]:
        stack = self._stack
        for i in range(len(stack) - 1, -1, -1):
            if stack[i] is _MARK:
                items = stack[i + 1 :]
                del stack[i:]
                return items
        raise UnpicklingError("malformed pickle: no mark on the stack")

    # Reading arguments

    def _read(self, count: int) -> bytes:
        data = self._file.read(count) if count <= 1 << 16 else self._read_much(count)
        if len(data) < count:
            raise EOFError("Ran out of input: pickle data was truncated")
        return data

    def _read_much(self, count: int) -> bytes:
        """In steps, so that a length that lies allocates no more than the file has."""
        parts: list[bytes] = []
        while count > 0:
            part = self._file.read(min(count, 1 << 24))
            if not part:
                raise EOFError("Ran out of input: pickle data was truncated")
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    def _number(self, layout: str) -> Any:
        return struct.unpack(layout, self._read(struct.calcsize(layout)))[0]

    def _length(self, layout: str) -> int:
        n: int = self._number(layout)
        if n < 0:
            raise UnpicklingError("malformed pickle: negative length")
        return n

    def _line(self) -> str:
        line = self._file.readline(1 << 12)
        if not line.endswith(b"\n"):
            raise EOFError("Ran out of input: pickle data was truncated")
        return self._text(line[:-1], "utf-8")

    @staticmethod
    def _text(data: bytes, encoding: str, errors: str = "strict") -> str:
        try:
            return data.decode(encoding, errors)
        except (UnicodeDecodeError, LookupError) as e:
            raise UnpicklingError(f"malformed pickle: {e}") from e

    def _push_text(self, layout: str) -> None:
        self._stack.append(self._text(self._read(self._length(layout)), "utf-8", "surrogatepass"))

    def _push_python2_text(self, layout: str) -> None:
        data = self._read(self._length(layout))
        as_bytes = self._encoding == "bytes"
        self._stack.append(data if as_bytes else self._text(data, self._encoding))

    def _push_long(self, layout: str) -> None:
        data = self._read(self._length(layout))
        self._stack.append(int.from_bytes(data, "little", signed=True))

    # What opcodes do

    def _protocol(self) -> None:
        version = self._read(1)[0]
        if version > 5:
            raise UnpicklingError(f"unsupported pickle protocol: {version}")

    def _get(self, index: int) -> None:
        if index not in self._memo:
            raise UnpicklingError(f"malformed pickle: memo value {index} not found")
        self._stack.append(self._memo[index])

    def _put(self, index: int) -> None:
        self._memo[index] = self._top()

    def _global(self, module: Any, name: Any) -> None:
        if type(module) is not str or type(name) is not str:
            raise UnpicklingError("malformed pickle: a name must be a string")
        self._stack.append(self._resolve(module, name))

    def _stack_global(self) -> None:
        name = self._pop()
        self._global(self._pop(), name)

    def _call(self, *, as_new: bool = False) -> None:
        """Call a name (REDUCE), or construct an instance of it (NEWOBJ)."""
        args, maker = self._pop(), self._pop()
        if type(maker) is not Maker or type(args) is not tuple:
            raise UnpicklingError(f"Trying to call reduce for unrecognized function {maker!r}")
        try:
            self._stack.append((maker.new if as_new else maker.make)(*args))
        except TypeError as e:
            raise UnpicklingError(f"wrong arguments for {maker.name}: {e}") from e

    def _build(self) -> None:
        state, obj = self._pop(), self._top()
        build = self._builder(obj)
        if build is None:
            raise UnpicklingError(
                f"Can only build Tensor, Parameter, OrderedDict or types allowlisted via "
                f"`add_safe_globals`, but got {type(obj).__name__}"
            )
        build(obj, state)

    def _persistent(self) -> None:
        self._stack.append(self._persistent_load(self._pop()))

    def _append(self, items: list[Any]) -> None:
        target = self._top()
        if type(target) is list or (isinstance(target, list) and self._can_extend(target)):
            target.extend(items)
        elif self._can_extend(target):
            for item in items:
                target.append(item)
        else:
            raise UnpicklingError(f"Can only append to lists, but got {type(target).__name__}")

    def _append_one(self) -> None:
        item = self._pop()
        self._append([item])

    def _set_items(self, items: list[Any]) -> None:
        from collections import Counter, OrderedDict

        target = self._top()
        if type(target) not in (dict, OrderedDict, Counter) and not self._can_extend(target):
            raise UnpicklingError(f"Can only set items of dicts, but got {type(target).__name__}")
        if len(items) % 2:
            raise UnpicklingError("malformed pickle: odd number of items for SETITEMS")
        for key, value in zip(items[::2], items[1::2], strict=True):
            if type(key) is not str:
                check_key(key)
            target[key] = value

    def _set_item(self) -> None:
        value = self._pop()
        key = self._pop()
        self._set_items([key, value])

    def _add_to_set(self, items: list[Any]) -> None:
        target = self._top()
        if type(target) is not set:
            raise UnpicklingError(f"Can only add items to sets, but got {type(target).__name__}")
        for item in items:
            check_key(item)
            target.add(item)

    def _freeze(self) -> None:
        items = self._pop_to_mark()
        for item in items:
            check_key(item)
        self._stack.append(frozenset(items))

    def _make_dict(self) -> None:
        items = self._pop_to_mark()
        self._stack.append({})
        self._set_items(items)

    def _tuple(self, count: int) -> None:
        items = [self._pop() for _ in range(count)]
        self._stack.append(tuple(reversed(items)))

    def _pop_or_unmark(self) -> None:
        if not self._stack:
            raise UnpicklingError("malformed pickle: pop from empty list")
        self._stack.pop()


Handler = Callable[[SafeUnpickler], None]


def _push(value: Any) -> Handler:
    return lambda m: m._stack.append(value)


def _push_new(kind: type) -> Handler:
    return lambda m: m._stack.append(kind())


def _push_number(layout: str) -> Handler:
    return lambda m: m._stack.append(m._number(layout))


def _global(m: SafeUnpickler) -> None:
    module = m._line()
    m._global(module, m._line())


# One row per opcode of the pickle protocol.
_HANDLERS: dict[int, Handler] = {
    ord(code): handler
    for code, handler in {
        "\x80": SafeUnpickler._protocol,
        "\x95": lambda m: m._read(8) and None,  # FRAME: nothing depends on its length
        "(": _push(_MARK),
        "0": SafeUnpickler._pop_or_unmark,
        "1": lambda m: m._pop_to_mark() and None,
        # Constants and numbers
        "N": _push(None),
        "\x88": _push(True),
        "\x89": _push(False),
        "J": _push_number("<i"),
        "K": _push_number("<B"),
        "M": _push_number("<H"),
        "G": _push_number(">d"),
        "\x8a": lambda m: m._push_long("<B"),
        "\x8b": lambda m: m._push_long("<i"),
        # Text and bytes
        "X": lambda m: m._push_text("<I"),
        "\x8c": lambda m: m._push_text("<B"),
        "\x8d": lambda m: m._push_text("<Q"),
        "U": lambda m: m._push_python2_text("<B"),
        "T": lambda m: m._push_python2_text("<i"),
        "C": lambda m: m._stack.append(m._read(m._length("<B"))),
        "B": lambda m: m._stack.append(m._read(m._length("<I"))),
        "\x8e": lambda m: m._stack.append(m._read(m._length("<Q"))),
        "\x96": lambda m: m._stack.append(bytearray(m._read(m._length("<Q")))),
        # Containers
        ")": _push(()),
        "]": _push_new(list),
        "}": _push_new(dict),
        "\x8f": _push_new(set),
        "t": lambda m: m._stack.append(tuple(m._pop_to_mark())),
        "l": lambda m: m._stack.append(m._pop_to_mark()),
        "d": SafeUnpickler._make_dict,
        "\x85": lambda m: m._tuple(1),
        "\x86": lambda m: m._tuple(2),
        "\x87": lambda m: m._tuple(3),
        "\x91": SafeUnpickler._freeze,
        "a": SafeUnpickler._append_one,
        "e": lambda m: m._append(m._pop_to_mark()),
        "s": SafeUnpickler._set_item,
        "u": lambda m: m._set_items(m._pop_to_mark()),
        "\x90": lambda m: m._add_to_set(m._pop_to_mark()),
        # The memo
        "h": lambda m: m._get(m._number("<B")),
        "j": lambda m: m._get(m._number("<I")),
        "q": lambda m: m._put(m._number("<B")),
        "r": lambda m: m._put(m._number("<I")),
        "\x94": lambda m: m._put(len(m._memo)),
        # Names and what is made of them
        "c": _global,
        "\x93": SafeUnpickler._stack_global,
        "R": SafeUnpickler._call,
        "\x81": lambda m: m._call(as_new=True),
        "b": SafeUnpickler._build,
        "Q": SafeUnpickler._persistent,
    }.items()
}
