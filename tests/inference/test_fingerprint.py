"""The hash of the method: the same until a line of code or a setting changes, and in everything that rests on it."""

import shutil
from pathlib import Path

import eutone.body
import eutone.inference
from eutone.inference import bank as banks
from eutone.inference.fingerprint import digest_of, inference_hash

ROOMS = [Path(room.__file__).parent for room in (eutone.body, eutone.inference)]


def copies(folder):
    rooms = [folder / room.name for room in ROOMS]
    for room, copy in zip(ROOMS, rooms, strict=True):
        shutil.copytree(room, copy, ignore=shutil.ignore_patterns("__pycache__"))
    return rooms


def test_it_is_that_of_the_code_and_line_endings_do_not_count(tmp_path):
    rooms = copies(tmp_path)
    assert digest_of(rooms) == inference_hash()
    assert len(inference_hash()) == 16
    for module in rooms[0].glob("*.py"):
        module.write_bytes(b"\r\n".join(module.read_bytes().splitlines()) + b"\r\n")
    assert digest_of(rooms) == inference_hash()


def test_a_setting_of_either_room_changes_it(tmp_path):
    found = {inference_hash()}
    rooms = copies(tmp_path)
    for module, old, new in [
        (rooms[1] / "smc.py", "PARTICLES = 512", "PARTICLES = 513"),
        (rooms[0] / "_timing.py", "_ALIKE = 0.1", "_ALIKE = 0.2"),
    ]:
        text = module.read_text(encoding="utf-8")
        assert old in text
        module.write_text(text.replace(old, new), encoding="utf-8")
        found.add(digest_of(rooms))
    assert len(found) == 3


def test_a_bank_of_another_method_is_another_bank(body, toy, monkeypatch):
    sizes = banks.Sizes(60, 40)
    before = banks.key_of(body, toy[1], banks.UNTREATED, sizes, 0)
    monkeypatch.setattr(banks, "inference_hash", lambda: "another")
    assert banks.key_of(body, toy[1], banks.UNTREATED, sizes, 0) != before
