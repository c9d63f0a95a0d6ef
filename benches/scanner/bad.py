"""Files that run a command when they are loaded, or would be loaded by some program and do."""

import io
import struct
import zipfile
import zlib

COMMAND = b"echo ran > ran"


def short(text):
    return b"\x8c" + bytes([len(text)]) + text


ARGUMENT = short(COMMAND) + b"\x85"
PLAIN = b"cos\nsystem\n(S'" + COMMAND + b"'\ntR."
STACK = b"\x80\x04" + short(b"os") + short(b"system") + b"\x93" + ARGUMENT + b"R."
HARMLESS = b"\x80\x04}."


def memo():
    names = short(b"posix") + b"\x940" + short(b"system") + b"\x940"
    return b"\x80\x04" + names + b"h\0h\x01\x93" + ARGUMENT + b"R."


def escaped():
    return b"S'\\x6fs'\nV\\u0073ystem\n\x93(S'" + COMMAND + b"'\ntR."


def getattr_chain():
    """getattr(__import__('os'), 'system')(COMMAND), as plain data."""
    os = b"cbuiltins\n__import__\n(S'os'\ntR"
    return b"cbuiltins\ngetattr\n(" + os + b"S'system'\ntR(S'" + COMMAND + b"'\ntR."


def nested():
    return b"cpickle\nloads\n(" + b"B" + struct.pack("<I", len(PLAIN)) + PLAIN + b"tR."


def gadget(module, name, arguments):
    return b"c" + module + b"\n" + name + b"\n(" + arguments + b"tR."


def text(value):
    return b"S'" + value + b"'\n"


CODE = b'__import__("os").system("echo ran > ran")'

PICKLES = {
    "global": PLAIN,
    "global-by-stack": STACK,
    "global-by-memo": memo(),
    "names-with-escapes": escaped(),
    "inst": b"(S'" + COMMAND + b"'\nios\nsystem\n.",
    "obj": b"(cos\nsystem\nS'" + COMMAND + b"'\no.",
    "pops-and-marks": b"((((0001N200cos\nsystem\n(S'" + COMMAND + b"'\ntR.",
    "protocol-lie": b"\x80\x00" + STACK[2:],
    "truncated": PLAIN[:-1],
    "broken-after": PLAIN[:-1] + b"\xff\xff\xff",
    "getattr-chain": getattr_chain(),
    "nested-loads": nested(),
    "eval": gadget(b"builtins", b"eval", text(CODE)),
    "exec-py2": gadget(b"__builtin__", b"eval", text(CODE)),
    "timeit": gadget(b"timeit", b"timeit", text(CODE) + text(b"pass") + b"ctime\ntime\nI1\n"),
    "cProfile": gadget(b"cProfile", b"run", text(CODE)),
    "pydoc": gadget(b"pydoc", b"pipepager", text(b"x") + text(COMMAND)),
    "operator": b"coperator\nmethodcaller\n(S'system'\nS'" + COMMAND + b"'\ntR(cbuiltins\n"
    b"__import__\n(S'os'\ntRtR.",
    "functools": b"cfunctools\npartial\n(cos\nsystem\nS'" + COMMAND + b"'\ntR(tR.",
    "runpy": b"crunpy\n_run_code\n(cbuiltins\ncompile\n(" + text(CODE) + text(b"x")
    + text(b"exec") + b"tR}tR.",
    "code": b"\x80\x04" + short(b"code") + short(b"InteractiveInterpreter.runsource")
    + b"\x93(" + short(b"code") + short(b"InteractiveInterpreter") + b"\x93)R" + short(CODE) + b"tR.",
    "dotted-through-harmless": b"\x80\x04" + short(b"collections") + short(b"_sys.modules.get")
    + b"\x93" + short(b"os") + b"\x85R0" + short(b"shutil") + short(b"os.system") + b"\x93"
    + ARGUMENT + b"R.",
}


def stored(name, data, **said):
    """A zip file of one stored entry, of which the directory or the header says something else."""
    local_name = said.get("local_name", name)
    flags, local_flags = said.get("flags", 0), said.get("local_flags", said.get("flags", 0))
    method = said.get("method", 0)
    sum_ = said.get("sum", zlib.crc32(data))
    sizes = struct.pack("<III", sum_, len(data), len(data))
    local = struct.pack("<4sHHHI", b"PK\x03\x04", 20, local_flags, 0, 0) + sizes
    local += struct.pack("<HH", len(local_name), 0) + local_name + data
    central = struct.pack("<4sHHHHI", b"PK\x01\x02", 20, 20, flags, method, 0) + sizes
    central += struct.pack("<HHHHHII", len(name), 0, 0, 0, 0, 0, 0) + name
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 1, 1, len(central), len(local), 0)
    return local + central + end


def zipped(entries, compression=zipfile.ZIP_STORED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as file:
        for name, data in entries:
            file.writestr(name, data)
    return out.getvalue()


def array(data):
    header = b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }\n"
    return b"\x93NUMPY\x01\0" + struct.pack("<H", len(header)) + header + data


PKL = b"archive/data.pkl"

#: Files of others than Python's pickle alone: PyTorch, NumPy, joblib, what reads one pickle after another.
FILES = {
    "two-pickles.pkl": HARMLESS + PLAIN,
    "after-padding.pkl": HARMLESS + bytes(4096) + STACK,
    "after-other-bytes.bin": bytes(range(1, 200)) + STACK,
    "pickle-in-text.pkl": b"\x80\x04B" + struct.pack("<I", len(STACK)) + STACK + b".",
    "extension.pkl": b"\x80\x02\x82\x05)R.",
    "zip.pt": zipped([("archive/data.pkl", PLAIN)]),
    "zip-other-name.pt": zipped([("archive/data.pkl", HARMLESS), ("archive/data/0", STACK)]),
    "zip-in-zip.pt": zipped([("a", zipped([("archive/data.pkl", PLAIN)]))]),
    "zip-deflated.pt": zipped([("archive/data.pkl", PLAIN)], zipfile.ZIP_DEFLATED),
    "zip-bad-sum.pt": stored(PKL, PLAIN, sum=0x12345678),
    "zip-encrypted-flag.pt": stored(PKL, PLAIN, flags=1),
    "zip-encrypted-local.pt": stored(PKL, PLAIN, local_flags=1),
    "zip-other-local-name.pt": stored(PKL, PLAIN, local_name=b"archive/data.txt"),
    "zip-other-method.pt": stored(PKL, PLAIN, method=8),
    "zip-after-bytes.pt": b"#!/bin/sh\n" + zipped([("archive/data.pkl", PLAIN)]),
    "zip-no-directory.pt": zipped([("archive/data.pkl", PLAIN)])[:-60],
    "array.npy": array(PLAIN),
    "array.npz": zipped([("a.npy", array(STACK))]),
    "joblib-zlib.joblib": zlib.compress(STACK),
}
