"""Archives and files of weights that are not what they seem, opened as honest programs open such files.

They are made in memory, so that what refuses them is what refuses to open them.
"""

from __future__ import annotations

import base64
import gzip
import importlib
import io
import lzma
import marshal
import pickle
import struct
import tarfile
import types
import zipfile
import zlib
from typing import TYPE_CHECKING, Any

from tests.sandbox.registry import Refused, blocked, ended
from tests.sandbox.resources import MUCH

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sandbox.scene import Scene

_BLOCK = bytes(1 << 20)
_BLOCKS = MUCH // len(_BLOCK)
_DEFLATED = 8  # how zip says it
_EVIL = b"evil"


def _zeros(head: bytes = b"") -> bytes:
    """The head, and much after it, deflated; without the work of compressing what is all the same."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    start = compressor.compress(head) + compressor.flush(zlib.Z_FULL_FLUSH)
    block = compressor.compress(_BLOCK) + compressor.flush(zlib.Z_FULL_FLUSH)
    return start + block * _BLOCKS + b"\x03\x00"


def _zip_bomb(name: str, head: bytes = b"") -> io.BytesIO:
    """An archive of a kilobyte or two for each megabyte in it."""
    check = zlib.crc32(head)
    for _number in range(_BLOCKS):
        check = zlib.crc32(_BLOCK, check)
    packed, length = _zeros(head), len(head) + MUCH
    said = struct.pack("<5H3I2H", 20, 0, _DEFLATED, 0, 0, check, len(packed), length, len(name), 0)
    local = b"PK\x03\x04" + said + name.encode() + packed
    listed = b"PK\x01\x02\x14\x00" + said + struct.pack("<3H2I", 0, 0, 0, 0, 0) + name.encode()
    end = b"PK\x05\x06" + struct.pack("<4H2IH", 0, 0, 1, 1, len(listed), len(local), 0)
    return io.BytesIO(local + listed + end)


@blocked("limits")
def read_zip_bomb(_: Scene) -> str:
    with zipfile.ZipFile(_zip_bomb("weights")) as opened:
        return f"read {len(opened.read('weights'))} bytes"


@blocked("limits")
def extract_zip_bomb(scene: Scene) -> str:
    with zipfile.ZipFile(_zip_bomb("weights")) as opened:
        return opened.extract("weights", scene.own)


@blocked("limits")
def read_gzip_bomb(_: Scene) -> str:
    return f"read {len(gzip.decompress(gzip.compress(_BLOCK) * _BLOCKS))} bytes"


@blocked("limits")
def read_lzma_bomb(_: Scene) -> str:
    return f"read {len(lzma.decompress(lzma.compress(_BLOCK, preset=0) * _BLOCKS))} bytes"


@blocked("limits")
def claim_lzma_dictionary(_: Scene) -> str:
    """A head that makes the decoder take four gigabytes before the first byte."""
    decoder = lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=1 << 40)
    decoder.decompress(b"\x5d" + b"\xff" * 4 + b"\xff" * 8 + bytes(64))
    return "took the memory"


def _tar(*members: tuple[str, str, bytes]) -> io.BytesIO:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as opened:
        for name, target, text in members:
            member = tarfile.TarInfo(name)
            member.size, member.linkname = len(text), target
            member.type = tarfile.SYMTYPE if target else tarfile.REGTYPE
            opened.addfile(member, io.BytesIO(text))
    made.seek(0)
    return made


def _unpack(archive: io.BytesIO, folder: Path) -> str:
    """As Python did before it looked at names."""
    with tarfile.open(fileobj=archive) as opened:
        opened.extraction_filter = staticmethod(lambda member, _: member)  # as documented
        opened.errorlevel = 2
        try:
            opened.extractall(folder)  # noqa: S202  # what is tried
        except tarfile.ExtractError as error:  # of a link that could not be made
            raise Refused(str(error)) from error
    return "unpacked"


@blocked("landlock", "seccomp", "bubblewrap")
def unpack_tar_beside(scene: Scene) -> str:
    return _unpack(_tar(("../workspace/evil.py", "", _EVIL)), scene.own)


@blocked("landlock", "seccomp", "bubblewrap")
def unpack_tar_anywhere(scene: Scene) -> str:
    return _unpack(_tar((str(scene.home / ".bashrc"), "", _EVIL)), scene.own)


@blocked("landlock", "seccomp", "bubblewrap")
def unpack_tar_by_link(scene: Scene) -> str:
    members = ("out", str(scene.workspace), b""), ("out/evil.py", "", _EVIL)
    return _unpack(_tar(*members), scene.own)


class _Payload:
    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        import subprocess

        return subprocess.check_output, (["/bin/echo", "started"],)


@blocked("seccomp")
def unpickle_program(_: Scene) -> str:
    return str(pickle.loads(pickle.dumps(_Payload())))  # noqa: S301  # what is tried


@blocked("seccomp", needs=("numpy",))
def load_pickled_arrays(_: Scene) -> str:
    numpy, made = _numpy(), io.BytesIO()
    numpy.save(made, numpy.array([_Payload()], dtype=object), allow_pickle=True)
    made.seek(0)
    return str(numpy.load(made, allow_pickle=True))


@blocked("landlock", "seccomp", "bubblewrap")
def call_code_of_configuration(scene: Scene) -> str:
    """As Keras makes the function of a `Lambda` layer again, from the text in an archive."""
    source = f"lambda inputs: open({str(scene.module)!r}, 'w').write('evil')"
    code = base64.b64encode(marshal.dumps(compile(source, "lambda", "eval").co_consts[0]))
    function = types.FunctionType(marshal.loads(base64.b64decode(code)), {})  # noqa: S302  # what is tried
    return f"wrote {function(None)}"


@blocked("limits", needs=("numpy",))
def load_claimed_array(_: Scene) -> str:
    """A head that speaks of much, and nothing after it."""
    numpy, made = _numpy(), io.BytesIO()
    head = {"descr": "<f4", "fortran_order": False, "shape": (MUCH // 4,)}
    numpy.lib.format.write_array_header_1_0(made, head)
    made.seek(0)
    return str(numpy.load(made).shape)


@blocked("limits", needs=("numpy",))
def load_array_of_zip_bomb(_: Scene) -> str:
    numpy, made = _numpy(), io.BytesIO()
    head = {"descr": "<f4", "fortran_order": False, "shape": (MUCH // 4,)}
    numpy.lib.format.write_array_header_1_0(made, head)
    loaded = numpy.load(_zip_bomb("kernel.npy", made.getvalue()))
    return str(loaded["kernel"].shape)


def _numpy() -> Any:
    return importlib.import_module("numpy")


def _hdf5() -> Any:
    return importlib.import_module("h5py")


@blocked("limits", needs=("h5py",))
def read_claimed_dataset(_: Scene) -> str:
    """None of it is in the file, which says what stands for it."""
    with _hdf5().File(io.BytesIO(), "w") as file:
        made = file.create_dataset("kernel", (MUCH // 4,), "f4", fillvalue=1.0, chunks=(1 << 18,))
        return str(made[...].sum())


@blocked("limits", needs=("h5py",))
def read_compressed_dataset(_: Scene) -> str:
    """One piece, taken apart by the library of C, not by Python."""
    adler = (MUCH % 65521) << 16 | 1  # of so many zeros
    with _hdf5().File(io.BytesIO(), "w") as file:
        made = file.create_dataset("kernel", (MUCH,), "u1", chunks=(MUCH,), compression="gzip")
        made.id.write_direct_chunk((0,), b"\x78\xda" + _zeros() + struct.pack(">I", adler))
        try:
            return str(made[:1])
        except OSError as error:  # without a number
            raise Refused(str(error)) from error


@blocked("landlock", "bubblewrap", needs=("h5py",))
def read_dataset_kept_elsewhere(scene: Scene) -> str:
    """A dataset may say that its numbers are those of another file."""
    return _elsewhere(scene.secret, lambda made: str(bytes(made[...])))


@blocked("landlock", "seccomp", "bubblewrap", needs=("h5py",))
def write_dataset_kept_elsewhere(scene: Scene) -> str:
    return _elsewhere(scene.module, lambda made: str(made.write_direct(_numpy().full(9, 35, "u1"))))


def _elsewhere(path: Path, use: Any) -> str:
    with _hdf5().File(io.BytesIO(), "w") as file:
        made = file.create_dataset("kernel", (9,), "u1", external=[(str(path), 0, 9)])
        try:
            said: str = use(made)
            made.flush()
        except OSError as error:  # without a number
            if "external raw data file" not in str(error):
                raise
            raise Refused(str(error)) from error
    return said


@ended(cpu=0, needs=("h5py",))
def walk_group_in_itself(_: Scene) -> str:
    with _hdf5().File(io.BytesIO(), "w") as file:
        group = file.create_group("layers")
        group["again"] = group
        while "again" in group:
            group = group["again"]
        return "came to an end"
