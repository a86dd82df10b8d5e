"""Lists of class names, in every form in which people have them."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest

from cactiviz.errors import WeightsError
from cactiviz.models import Checkpoint
from cactiviz.models.class_list import WESTERN, class_names_in, read_class_list

TWO = ("tench", "goldfish")
FORMS = {
    "lines": b"tench\n\n goldfish \t\n",
    "crlf": b"tench\r\ngoldfish\r\n",
    "old mac": b"tench\rgoldfish",
    "mark": codecs.BOM_UTF8 + b"tench\ngoldfish",
    "utf-16": "tench\r\ngoldfish".encode("utf-16"),
    "utf-16 be": codecs.BOM_UTF16_BE + "tench\ngoldfish".encode("utf-16-be"),
    "utf-16 without a mark": "tench\ngoldfish".encode("utf-16-le"),
    "utf-32": "tench\ngoldfish".encode("utf-32"),
    "synsets": b"n01440764 tench\nn01443537 goldfish",
    "synsets with tabs": b"n01440764\ttench\nn01443537\tgoldfish",
    "synsets with numbers": b"n01443537 2 goldfish\nn01440764 1 tench",
    "numbered": b"0 tench\n1 goldfish",
    "numbered with commas": b"1,goldfish\n0,tench",
    "numbered with colons": b"0: tench\n1: goldfish",
    "numbered from 1": b"1. tench\n2. goldfish",
    "heading": b"index,name\n1,goldfish\n0,tench",
    "heading, name first": b"class_name;class_id\ngoldfish;1\ntench;0",
    "label is a number": b"label,breed\n1,goldfish\n0,tench",
    "synset between": b"index,wnid,name\n0,n01440764,tench\n1,n01443537,goldfish",
    "pandas": b",class\n0,tench\n1,goldfish",
    "pandas without a name": b",0\n0,tench\n1,goldfish",
    "one column": b"class_name\ntench\ngoldfish",
    "name, number": b"goldfish,1\ntench,0",
    "name: number": b"goldfish: 1\ntench: 0",
    "json": b'["tench", "goldfish"]',
    "json by index": b'{"1": "goldfish", "0": "tench"}',
    "json by name": b'{"goldfish": 1, "tench": 0}',
    "json with synsets": b'{"0": ["n01440764", "tench"], "1": ["n01443537", "goldfish"]}',
    "json of settings": b'{"id2label": {"1": "goldfish", "0": "tench"}, "x": 1}',
    "json nested": b'{"classes": ["tench", "goldfish"]}',
    "coco": b'[{"id": 2, "name": "goldfish"}, {"id": 1, "name": "tench"}]',
    "python": b"{0: 'tench',\n 1: 'goldfish'}",
    "python without brackets": b"0: 'tench',\n1: 'goldfish',",
    "python's assignment": b"classes = ['tench',\n  'goldfish']",
    "pasted": b"'tench',\n'goldfish',",
    "yaml": b"nc: 2\nnames:\n  0: tench\n  1: goldfish\ndownload: x",
    "yaml with dashes": b"names:\n- tench\n- goldfish",
    "yaml in one line": b"nc: 2\nnames: [tench, goldfish]\n",
    "one line": b"tench, goldfish",
    "remark": b"# fish\ntench\ngoldfish",
}


@pytest.mark.parametrize("form", FORMS)
def test_each_form_gives_the_same_names(form: str) -> None:
    assert read_class_list(FORMS[form]).names == TWO


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (b"0\n1\n10\n2", ("0", "1", "10", "2")),
        (b'{"0": 0, "1": 1, "10": 2, "2": 3}', ("0", "1", "10", "2")),  # ImageFolder's of digits
        (b'{"0": "0", "1": "1", "2": "10", "3": "2"}', ("0", "1", "10", "2")),
        (b"1 cent\n2 cents\n5 cents", ("1 cent", "2 cents", "5 cents")),
        (b"class 1\nclass 2", ("class 1", "class 2")),
        (b"tench, Tinca tinca\ngoldfish", ("tench, Tinca tinca", "goldfish")),
        (b'"tench, Tinca tinca"\n"goldfish"', ("tench, Tinca tinca", "goldfish")),
        (b"0,tench\n1,shark, white", ("tench", "shark, white")),
        (b"potter's wheel\nshepherd's dog", ("potter's wheel", "shepherd's dog")),
        (b"{0: 'cat', 1: \"potter's wheel\"}", ("cat", "potter's wheel")),
        (
            b"names:\n  0: no\n  1: yes",
            ("no", "yes"),
        ),  # YAML's own reader makes them False and True
        (b"crane\ncrane", ("crane", "crane")),
        (b"[PAD]\ncat", ("[PAD]", "cat")),
        (b"A\na\nB\nb", ("A", "a", "B", "b")),
    ],
)
def test_names_stay_what_they_are(text: bytes, names: tuple[str, ...]) -> None:
    assert read_class_list(text).names == names


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"0,a\n1,b\n3,c", "has no name for the class 2"),
        (b'{"0": "a", "2": "c"}', "has no name for the class 1"),
        (b"0,a\n0,b", "names the class 0 more than once"),
        (b'{"5": "a", "6": "b"}', "begins with the class 5"),
        (b"cat\0dog\n", "isn't text"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "isn't text"),
        (b"<!DOCTYPE html>\n<html>", "is a web page"),
        (b'{"0": "a", ', "isn't whole"),
        (b"{'a', 'b'}", "no order"),
        (b'["a", null]', "something else"),
        (b'["a", ""]', "without a name"),
        (b'{"name": {"a": {}}}', "something else"),
        (b"x" * 100_000, "100,000 characters"),
        (b" \n\n", "no class names"),
        (b"[" * 100_000, "isn't whole|characters"),
    ],
)
def test_what_is_no_list_is_told_in_one_sentence(text: bytes, why: str) -> None:
    with pytest.raises(WeightsError, match=f"^Your list .*({why})") as refusal:
        read_class_list(text, "Your list")
    assert str(refusal.value).count(".") == 1 and "\n" not in str(refusal.value)


def test_western_letters_are_read_and_that_is_said() -> None:
    found = read_class_list("Käfer\nTürkentaube".encode("latin-1"))
    assert (found.names, found.remarks) == (("Käfer", "Türkentaube"), (WESTERN,))
    assert not read_class_list("Käfer".encode()).remarks


def test_what_looks_like_a_heading_is_a_class_where_one_is_missing() -> None:
    found = read_class_list(b"label\ncat\ndog")
    assert found.for_classes(2) == ("cat", "dog")
    assert found.for_classes(3) == ("label", "cat", "dog")
    assert read_class_list(b"# x\ncat").for_classes(2) == ("# x", "cat")


@pytest.mark.parametrize(
    ("text", "file", "classes"),
    [
        ("m=alexnet:a.pth:names.txt", "a.pth", Path("names.txt")),
        ("m=alexnet:a.pth:NAMES.TXT", "a.pth", Path("NAMES.TXT")),
        ("m=alexnet:a.pth.tar:x/list.json", "a.pth.tar", Path("x/list.json")),
        ("m=timm:resnet18.a1_in1k:a.bin:b.csv", "a.bin", Path("b.csv")),
        ("m=alexnet:a.pth:labels", "a.pth", Path("labels")),
        ("m=alexnet:a.pth:ImageNet", "a.pth", "imagenet"),
        (r"m=alexnet:C:\a.pth:D:\b.txt", r"C:\a.pth", Path(r"D:\b.txt")),
        (r"m=alexnet:C:\a.pth", r"C:\a.pth", None),
        ("m=alexnet:a:b.pth", "a:b.pth", None),
    ],
)
def test_a_list_of_any_ending_is_known_on_the_command_line(
    text: str, file: str, classes: object
) -> None:
    found = Checkpoint.parse(text)
    assert (found.file, found.classes) == (Path(file), classes)


def test_names_that_a_training_keeps_beside_its_weights() -> None:
    assert class_names_in({"state_dict": {}, "class_to_idx": {"b": 1, "a": 0}}) == ("a", "b")
    assert class_names_in({"hyper_parameters": {"classes": ["x", "y"]}}) == ("x", "y")
    assert class_names_in({"meta": {"CLASSES": ("x", "y")}}) == ("x", "y")
    assert class_names_in({"epoch": 1, "step": 0, "names": "resnet"}) == ()
    assert class_names_in([1, 2]) == ()


def test_the_lists_of_people(data_dir: Path) -> None:
    cases = data_dir / "field-cases"

    def names(name: str) -> tuple[str, ...]:
        return Checkpoint("m", "alexnet", Path("a.pth"), cases / name).class_names()

    assert names("digits.txt") == ("0", "1", "10", *"2345678")
    told = names("imagenet1000_clsidx_to_labels.txt")
    assert len(told) == 1000 and told[:3] == ("tench", "goldfish", "great white shark")
    assert not [name for name in told if name[0] in "{'\"0123456789"]
    assert names("NAMES.TXT") == told


@pytest.mark.parametrize(
    "text",
    ['"' + "a\n" * 90_000, "[" * 200_000, "x;" + "y" * 200_000 + "\nz;1", "a\n" * 150_000],
    ids=["a quote that stays open", "brackets", "a cell without end", "lines without end"],
)
def test_what_is_too_much_for_a_list_is_one_sentence(text: str) -> None:
    with pytest.raises(WeightsError, match=r"^The list .*\.$"):
        read_class_list(text.encode())
