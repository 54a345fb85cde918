"""The README says what the code does: tables, example, pictures, commands."""

import re
from dataclasses import fields
from pathlib import Path

from lvm_core import DATASETS, MODELS, PROJECTIONS
from lvm_core.limits import PREFIX, Limits

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def between(name: str) -> str:
    """The lines between ``<!-- name ... -->`` and ``<!-- /name -->``."""
    return re.search(rf"<!-- {name}[^>]*-->\n(.*?)<!-- /{name} -->", README, re.S).group(1).strip()


def model_table() -> str:
    """The table of models as it must stand in the README."""
    rows = ["| model | what it is | paper | for |", "| --- | --- | --- | --- |"]
    return "\n".join(rows + [f"| `{name}` | {c.title} | [{c.paper}, {c.year}]({c.link}) | {', '.join(c.kinds)} |" for name, c in MODELS.items()])


def projection_table() -> str:
    """The table of maps as it must stand in the README."""
    rows = ["| map | what it is | paper | new points |", "| --- | --- | --- | --- |"]
    return "\n".join(rows + [f"| `{name}` | {c.title} | {f'[{c.paper}, {c.year}]({c.link})' if c.link else ''} | {'exact' if c.exact else 'by their neighbours'} |" for name, c in PROJECTIONS.items()])


def dataset_table() -> str:
    """The table of built-in datasets as it must stand in the README."""
    rows = ["| dataset | kind | what it is |", "| --- | --- | --- |"]
    return "\n".join(rows + [f"| `{name}` | {c.kind} | {c.summary} |" for name, c in DATASETS.items()])


def limit_table() -> str:
    """The table of limits as it must stand in the README."""
    rows = ["| setting | at most | of |", "| --- | --- | --- |"]
    return "\n".join(rows + [f"| `{PREFIX}{f.name.upper()}` | {f.default:,} | {f.metadata['unit']} |" for f in fields(Limits)])


def test_the_tables_are_those_of_the_code():
    assert between("limits") == limit_table()
    assert between("models") == model_table()
    assert between("projections") == projection_table()
    assert between("datasets") == dataset_table()


def test_the_library_example_runs_as_printed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code = re.search(r"```python\n(.*?)```", README, re.S).group(1)
    lines = [line for line in code.splitlines() if line.strip() and not line.startswith("from ")]
    assert len(lines) <= 6
    scope = {}
    exec(compile(code, "README.md", "exec"), scope)      # our own six lines, to the letter
    assert scope["P"].shape == (1797, 2) and scope["items"].shape == (16, 8, 8, 1)
    assert (scope["again"].transform(scope["data"].X[:5]) == scope["model"].transform(scope["data"].X[:5])).all()


def test_every_picture_and_file_it_names_is_there():
    for path in re.findall(r"\]\((assets/[^)]+)\)|src=\"(assets/[^\"]+)\"", README):
        assert (ROOT / (path[0] or path[1])).is_file(), path
    for path in re.findall(r"^(\S+\.py|\S+/) ", between("layout").replace("```", ""), re.M):
        assert (ROOT / path).exists(), path


def test_the_two_commands_stand_alone():
    commands = re.findall(r"```bash\n(.*?)```", README, re.S)
    assert len(commands) == 2
    assert all(c.startswith("python3 -m venv") and "requirements.txt" in c for c in commands)
    assert "streamlit run app.py" in commands[0] and "-m pytest" in commands[1]
