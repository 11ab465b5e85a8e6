"""The walk in the README, done as written: every command, and what it is said to print."""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from stores import PRODUCTION

ROOT = Path(__file__).parents[1]
MARK = "--- done ---"

VARIES = (
    (r"\d{4}-\d\d-\d\dT[\d:.]+(Z|\+00:00)", "TIME"),
    (r"\b[0-9a-f]{64}\b", "SHA256"),
    (r"\b[0-9a-f]{32}\b", "ID"),
    (r"\bR\d{6}-", "R-"),
    (r"\back \d+", "ack N"),
    (r'"travel_time_s":[\d.]+', '"travel_time_s":S'),
)


def walk() -> list[tuple[str, list[str]]]:
    """Each command of the walk with the lines it is said to print."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    steps: list[tuple[str, list[str]]] = []
    for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                steps.append((line[2:], []))
            elif line.startswith("> "):
                steps[-1] = (f"{steps[-1][0]}\n{line[2:]}", [])
            else:
                steps[-1][1].append(line)
    return steps


def settled(lines: list[str]) -> list[str]:
    """The lines without what differs from run to run."""
    text = "\n".join(line.rstrip() for line in lines if line.strip())
    for pattern, name in VARIES:
        text = re.sub(pattern, name, text)
    return text.splitlines()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.mark.slow
@pytest.mark.skipif(PRODUCTION, reason="the walk begins with a store of its own, the embedded one")
def test_the_readmes_walk_does_what_it_says(tmp_path: Path) -> None:
    port = str(free_port())
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "COLUMNS": "100",
        "LC_ALL": "C.UTF-8",
    }
    shell = subprocess.Popen(
        ["bash"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=tmp_path,
        env=environment,
        text=True,
    )
    assert shell.stdin
    assert shell.stdout
    with shell:
        for command, said in walk():
            shell.stdin.write(f"{command.replace('8055', port)}\necho '{MARK}'\n")
            shell.stdin.flush()
            printed: list[str] = []
            for line in shell.stdout:
                if line.rstrip("\n").endswith(MARK):
                    printed.append(line.rstrip("\n").removesuffix(MARK))
                    break
                printed.append(line.rstrip("\n"))
            assert settled(printed) == settled(said), command
        shell.stdin.close()
