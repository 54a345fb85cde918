"""Node for tests of our JavaScript modules."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
JS = ROOT / "assets" / "js"
NODE = shutil.which("node")


def need_node() -> None:
    """Skip where there is no node; on a CI server there must be one."""
    if NODE is None and os.environ.get("CI", "").lower() == "true":
        pytest.fail("no node on this CI server; install Debian's package nodejs")
    if NODE is None:
        pytest.skip("no node on this machine; install Debian's package nodejs")


def in_node(program: str, **imports: str):
    """What a program prints, as JSON; ``imports``: names -> the module of ``assets/js`` they
    come from.
    """
    need_node()
    lines = [
        f'import {{ {name} }} from "{(JS / module).as_uri()}";' for name, module in imports.items()
    ]
    done = subprocess.run(
        [NODE, "--input-type=module", "-"],
        input="\n".join([*lines, program]),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
