"""A file of weights asks for no more memory than it brings: counted before it is loaded."""

from __future__ import annotations

import codecs
import io
import pickle
import subprocess
import sys
import tracemalloc
import zipfile
from collections import Counter, OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from cactiviz.errors import WeightsError
from cactiviz.models import file_checks
from cactiviz.models.file_checks import check_bounds
from cactiviz.models.state_dict import read_content, weight_sets

ROOT = Path(__file__).resolve().parents[2]


class Calls:
    """What a pickle calls when it is loaded."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.said = function, arguments

    def __reduce__(self) -> Any:
        return self.said


def archive(path: Path, content: bytes, **more: bytes) -> Path:
    """A file as ``torch.save`` writes it, with this pickle."""
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("x/data.pkl", content)
        packed.writestr("x/version", "3\n")
        for name, data in more.items():
            packed.writestr(f"x/data/{name}", data)
    return path


def old(path: Path, content: bytes) -> Path:
    """A file as torch wrote it before version 1.6."""
    system = {"little_endian": True, "protocol_version": 1001, "type_sizes": {}}
    magic = torch.serialization.MAGIC_NUMBER
    before = [pickle.dumps(one, 2) for one in (magic, 1001, system)]
    path.write_bytes(b"".join([*before, content, pickle.dumps([], 2)]))
    return path


class Stored(pickle.Pickler):
    """Says of each tensor that so many numbers are kept for it."""

    count = 1

    def persistent_id(self, value: object) -> Any:
        if isinstance(value, torch.Tensor):
            return ("storage", torch.DoubleStorage, "0", "cpu", self.count, None)
        return None


def stored(count: int) -> bytes:
    file = io.BytesIO()
    pickler = Stored(file, 2)
    pickler.count = count
    pickler.dump({"a": torch.zeros(1)})
    return file.getvalue()


LONG = "x" * 300_000
ASKING = {
    "a bytearray of 3 GB": pickle.dumps({"a": Calls(bytearray, 3_000_000_000)}, 2),
    "the same, as newer Pythons write it": pickle.dumps({"a": Calls(bytearray, 3_000_000_000)}, 4),
    "a tensor of 3 billion numbers": pickle.dumps([Calls(torch.FloatTensor, 3_000_000_000)], 2),
    "a storage of 3 GB": pickle.dumps([Calls(torch.UntypedStorage, 3_000_000_000)], 2),
    "numbers that it doesn't bring": stored(400_000_000),
    "one text, encoded a hundred times": pickle.dumps(
        [Calls(codecs.encode, LONG, "latin1") for _ in range(100)], 2
    ),
    "a million dictionaries": b"\x80\x02" + b"}" * 1_000_000 + b".",
    "a million marks": b"\x80\x02" + b"(" * 600_000 + b"t" * 600_000 + b".",
}


@pytest.mark.parametrize("kind", [archive, old])
@pytest.mark.parametrize("name", ASKING)
def test_what_asks_for_more_than_it_brings_is_refused(
    name: str, kind: Callable[[Path, bytes], Path], tmp_path: Path
) -> None:
    path = kind(tmp_path / "w.pth", ASKING[name])
    with pytest.raises(WeightsError, match="asks for far more memory"):
        check_bounds(path)
    with pytest.raises(WeightsError):
        read_content(path)


def test_too_many_tensors_are_refused_in_both_formats(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = b",".join(
        b'"%d":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}' % one for one in range(200_000)
    )
    header = b"{" + named + b"}"
    many = tmp_path / "many.safetensors"
    many.write_bytes(len(header).to_bytes(8, "little") + header)
    with pytest.raises(WeightsError, match="asks for far more memory"):
        read_content(many)
    monkeypatch.setattr(file_checks, "MOST_TENSORS", 50)
    empty = tmp_path / "empty.pth"
    torch.save({str(one): torch.zeros(0) for one in range(60)}, empty)
    with pytest.raises(WeightsError, match="asks for far more memory"):
        check_bounds(empty)


def test_what_is_packed_or_doubled_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.pth"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("x/data.pkl", pickle.dumps({}, 2))
        packed.writestr("x/data/0", bytes(50_000_000))
    with pytest.raises(WeightsError, match="asks for far more memory"):
        check_bounds(path)
    whole = archive(tmp_path / "v.pth", pickle.dumps({}, 2)).read_bytes()
    path.write_bytes(b"PK\x03\x04" + whole)  # what another reader may see otherwise
    with pytest.raises(WeightsError, match="no training program"):
        check_bounds(path)


def test_keys_that_would_take_for_ever_are_refused(tmp_path: Path) -> None:
    # A pair of pairs of pairs, 40 times: a few bytes each, and 2**40 of them to hash.
    deep = b"\x80\x02)q\x00" + b"h\x00h\x00\x86q\x00" * 40 + b"}h\x00K\x01s."
    with pytest.raises(WeightsError, match="no training program"):
        check_bounds(archive(tmp_path / "w.pth", deep))


def test_true_files_pass_whatever_a_training_keeps_in_them(tmp_path: Path, data_dir: Path) -> None:
    module = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8))
    trainer = torch.optim.AdamW(module.parameters())
    module(torch.zeros(1, 3, 8, 8)).sum().backward()
    trainer.step()
    state = module.state_dict()
    content = {
        "model": state,
        "half": {key: value.half() for key, value in state.items()},
        "parameters": OrderedDict(module.named_parameters()),
        "optimizer": trainer.state_dict(),
        "random": torch.get_rng_state(),
        "figures": Counter(right=3),
        "losses": [0.5] * 5000,
        "view": torch.zeros(10).expand(100, 10),
        "seen": {1, 2},
        "bytes": b"\x00\xff" * 50,
    }
    for new in (True, False):
        path = tmp_path / f"{new}.pth"
        torch.save(content, path, _use_new_zipfile_serialization=new)
        check_bounds(path)
    files = [*data_dir.glob("weights/*.pth"), *data_dir.glob("field-cases/*.pth*")]
    assert len(files) > 8
    for path in files:
        check_bounds(path)


def test_a_hostile_file_costs_no_memory(tmp_path: Path) -> None:
    """In a process of its own, that may have 600 MB more than it had before."""
    path = archive(tmp_path / "w.pth", ASKING["a bytearray of 3 GB"])
    program = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from cactiviz.errors import WeightsError\n"
        "from cactiviz.models.state_dict import read_content\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try: read_content(Path(sys.argv[1]))\n"
        "except WeightsError as error: print(error)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    sentence, grown = ran.stdout.splitlines()
    assert "asks for far more memory" in sentence
    unit = 1 if sys.platform == "darwin" else 1024
    assert int(grown) * unit < 50_000_000


def test_a_part_that_brings_more_than_it_says_is_read_no_further(tmp_path: Path) -> None:
    content = b"\x80\x02}" + b"N0" * 20_000_000 + b"."
    path = tmp_path / "w.pth"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("x/data.pkl", content)
    said = len(content).to_bytes(4, "little")
    path.write_bytes(path.read_bytes().replace(said, (100).to_bytes(4, "little")))
    tracemalloc.start()
    try:
        check_bounds(path)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 10_000_000


def test_lists_in_lists_without_end_are_gone_through_once(tmp_path: Path) -> None:
    doubled = b"".join(b"](h%ch%ceq%c" % (i, i, i + 1) for i in range(40))
    content = read_content(archive(tmp_path / "w.pth", b"\x80\x02]q\x00" + doubled + b"."))
    assert weight_sets(content) == []


@pytest.mark.parametrize(
    "header",
    [
        b'{"__metadata__":{' + b",".join(b'"%d":""' % one for one in range(600_000)) + b"}}",
        b'{"a":{"dtype":"F32","shape":[' + b"1," * 900_000 + b'1],"data_offsets":[0,4]}}',
    ],
    ids=["many words", "many sides"],
)
def test_a_header_of_many_small_things_is_refused(header: bytes, tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(4))
    with pytest.raises(WeightsError, match="asks for far more memory"):
        read_content(path)
