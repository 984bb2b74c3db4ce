"""The walk-through in README.md: its commands run as they stand, and their answers are those it shows."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn

from services.demo.client import Api
from services.demo.play import administrator
from services.demo.sample import Sample, build
from services.demo.story import Story
from tests.world import World

pytestmark = pytest.mark.timeout(300)
README = Path(__file__).resolve().parents[2] / "README.md"
BEGIN, END = "<!-- 以下的应答", "<!-- 至此"
BLOCK = re.compile(r"```sh\n(?P<commands>.*?)```\n(?:\n```text\n(?P<answer>.*?)```\n)?", re.DOTALL)
WRONG = re.compile(r"Traceback|trace_id|curl: |command not found")
MARK = "--- done ---"


@pytest.fixture
def played(world: World) -> Sample:
    """A sample county in which the story has been played, as after `make run`."""
    api = Api(world.http, pause=world.settle)
    sample = build(api, administrator(api, world.settings.data_dir / "first-admin"), 2026)
    Story(sample, 2026, say=lambda _: None, after_each=world.settle).play()
    return sample


@contextmanager
def served(world: World) -> Iterator[str]:
    """The world on a port; gives its address."""
    bound = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(world.system.app(), log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        bound.close()


@contextmanager
def shell() -> Iterator[subprocess.Popen[str]]:
    """A shell that is given one block after the other."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    with subprocess.Popen(
        ["bash"],
        env={"PATH": path, "PYTHONUTF8": "1", "http_proxy": "http://127.0.0.1:1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    ) as bash:
        yield bash
        assert bash.stdin is not None
        bash.stdin.close()


def run(bash: subprocess.Popen[str], commands: str) -> str:
    """What a block prints."""
    assert bash.stdin is not None
    assert bash.stdout is not None
    bash.stdin.write(f"{commands}\necho '{MARK}'\n")
    bash.stdin.flush()
    return "".join(iter(bash.stdout.readline, f"{MARK}\n"))


def with_answers(world: World, sample: Sample, text: str) -> str:
    """The walk-through with the answers that its commands get now; events travel between two blocks."""
    suffix = sample.logins["handler"].rpartition(".")[2]
    with served(world) as url, shell() as bash:
        mine = {"API": url, "PASSWORD": sample.password, "SUFFIX": suffix}

        def answered(block: re.Match[str]) -> str:
            commands = block["commands"]
            filled_in = re.sub(
                r"(?m)^(API|PASSWORD|SUFFIX)=.*$", lambda m: f"{m[1]}='{mine[m[1]]}'", commands
            )
            answer = run(bash, filled_in).replace(sample.district, "140199")
            assert not WRONG.search(answer), f"{commands}\n{answer}"
            world.settle()
            shown = f"\n```text\n{answer}```\n" if answer else ""
            return f"```sh\n{commands}```\n{shown}"

        return BLOCK.sub(answered, text)


def test_the_commands_of_the_readme_answer_as_it_shows(world: World, played: Sample) -> None:
    if shutil.which("curl") is None or shutil.which("bash") is None:
        assert os.environ.get("CI") != "true", "the walk-through needs curl and bash"
        pytest.skip("the walk-through needs curl and bash")
    text = README.read_text(encoding="utf-8")
    start, end = text.index(BEGIN), text.index(END)
    now = text[:start] + with_answers(world, played, text[start:end]) + text[end:]
    assert "可使用" in now[start:]
    if os.environ.get("WRITE_DOCS") == "1":
        README.write_text(now, encoding="utf-8")
    assert now == README.read_text(encoding="utf-8"), "README.md differs: WRITE_DOCS=1 make test rewrites it"
