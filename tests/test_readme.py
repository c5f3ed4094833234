"""What the README says to type works."""

import re
import shlex
from pathlib import Path

import pytest

from tjepa.cli import main

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, flags=re.DOTALL | re.MULTILINE)
PYTHON = [code for language, code in BLOCKS if language == "python"]
COMMANDS = [
    shlex.split(line, comments=True)
    for language, code in BLOCKS
    if language == "sh"
    for line in code.splitlines()
]


def test_the_python_examples_run() -> None:
    assert PYTHON
    names: dict[str, object] = {}
    for code in PYTHON:
        exec(compile(code, "README.md", "exec"), names)
    assert names["vectors"].shape[0] == len(names["test"])
    assert 0.0 <= names["accuracy"] <= 1.0
    assert names["result"].rows


@pytest.mark.parametrize(
    "command", [c for c in COMMANDS if c[0] == "tjepa"], ids=lambda c: " ".join(c[:2])
)
def test_the_shell_commands_exist_with_their_options(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        main([command[1], "--help"])
    assert stop.value.code == 0
    usage = capsys.readouterr().out
    for option in (word for word in command[2:] if word.startswith("--")):
        assert option in usage


def test_the_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    wanted = {command[1] for command in COMMANDS if command[0] == "make"}
    assert {"app", "test"} <= wanted
    for target in wanted:
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target


def test_the_files_linked_to_exist() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", README)
    missing = [link for link in links if "://" not in link and not (ROOT / link).exists()]
    assert missing == []
