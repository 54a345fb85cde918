"""README and docs say what the code does: tables, examples, commands, settings, links."""

import ast
import re
import shlex
import tomllib
import unicodedata
from argparse import _SubParsersAction
from dataclasses import fields
from pathlib import Path

import pytest

import lvm_core
from lvm_core import DATASETS, MODELS, PROJECTIONS, cli
from lvm_core.datasets.readers import READERS
from lvm_core.settings import PREFIX, Limits
from pages.ui import analyses, panels

ROOT = Path(__file__).parents[1]
DOCS = {path.name: path for path in sorted((ROOT / "docs").glob("*.md"))}
PAPERS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *DOCS.values()]
CODE = [
    ROOT / "app.py",
    *sorted((ROOT / "lvm_core").rglob("*.py")),
    *sorted((ROOT / "pages").rglob("*.py")),
]
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in CODE}
every_paper = pytest.mark.parametrize("path", PAPERS, ids=lambda p: p.name)


def text(name: str) -> str:
    """A file of docs, or the README."""
    return (DOCS.get(name) or ROOT / name).read_text(encoding="utf-8")


def between(file: str, name: str) -> str:
    """The lines between ``<!-- name -->`` and ``<!-- /name -->``."""
    return re.search(rf"<!-- {name} -->\n(.*?)<!-- /{name} -->", text(file), re.S).group(1).strip()


def table(head: str, rows) -> str:
    """A table of Markdown: the head's cells and the rows' between bars."""
    lines = [head.split(", "), ["---"] * len(head.split(", ")), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def first_column(file: str, name: str) -> list[str]:
    """The first cell of every row of a table."""
    return [line.split("|")[1].strip() for line in between(file, name).splitlines()[2:]]


# -- tables ----------------------------------------------------------------------------------------


def paper(c) -> str:
    return f"[{c.paper}, {c.year}]({c.link})" if c.link else ""


TABLES = {
    ("guide.md", "models"): lambda: table(
        "model, what it is, paper, for",
        [(f"`{n}`", c.title, paper(c), ", ".join(c.supported_kinds)) for n, c in MODELS.items()],
    ),
    ("guide.md", "projections"): lambda: table(
        "map, what it is, paper, new points",
        [
            (f"`{n}`", c.title, paper(c), "exact" if c.exact else "by their neighbours")
            for n, c in PROJECTIONS.items()
        ],
    ),
    ("guide.md", "datasets"): lambda: table(
        "dataset, kind, what it is", [(f"`{n}`", c.kind, c.summary) for n, c in DATASETS.items()]
    ),
    ("guide.md", "readers"): lambda: table(
        "file, named",
        [(r.title, ", ".join(f"`{s}`" for s in r.suffixes)) for r in READERS.values()],
    ),
    ("guide.md", "analyses"): lambda: table(
        "question, what it asks",
        [(part.TITLE, part.QUESTION) for part in analyses.discover().values()],
    ),
    ("settings.md", "limits"): lambda: table(
        "setting, at most, of",
        [
            (f"`{PREFIX}{f.name.upper()}`", f"{f.default:,}", f.metadata["unit"])
            for f in fields(Limits)
        ],
    ),
}


@pytest.mark.parametrize("file, name", TABLES)
def test_a_table_is_that_of_the_code(file, name):
    assert between(file, name) == TABLES[file, name]()


def test_every_page_has_its_chapter_and_every_panel_its_row():
    shell = (ROOT / "pages/shell.py").read_text(encoding="utf-8")
    pages = re.findall(r'st\.Page\("\w+\.py", title="(\w+)"', shell)
    chapters = re.findall(r"^## (.+)$", text("guide.md"), re.M)
    assert len(pages) == 9 and chapters[:9] == pages
    assert first_column("guide.md", "panels") == [part.TITLE for part in panels.discover().values()]


# -- examples --------------------------------------------------------------------------------------


def blocks(file: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text(file), re.S)


def run(file: str, folder, monkeypatch) -> dict:
    """The names that the Python of a file leaves, run from top to bottom in an empty folder."""
    monkeypatch.chdir(folder)
    scope = {}
    for code in blocks(file, "python"):
        exec(compile(code, file, "exec"), scope)  # our own lines, to the letter
    return scope


def test_the_six_lines_of_the_readme_run_as_printed(tmp_path, monkeypatch):
    (code,) = blocks("README.md", "python")
    assert len([line for line in code.splitlines() if line.strip()]) <= 6
    made = run("README.md", tmp_path, monkeypatch)
    assert made["P"].shape == (1797, 2) and made["items"].shape == (16, 8, 8, 1)
    X = made["data"].X[:5]
    assert (made["again"].transform(X) == made["model"].transform(X)).all()


def test_the_page_about_python_runs_from_top_to_bottom(tmp_path, monkeypatch):
    made = run("library.md", tmp_path, monkeypatch)
    for name, shape in re.findall(r"^(\w+) = .*# (\(\d[\d, ]*\))", text("library.md"), re.M):
        assert made[name].shape == ast.literal_eval(shape), name
    assert len(made["seen"]) and len(made["people"]) == 80 and made["people"].label == "group"
    assert made["same_map"].transform(made["Z"]) == pytest.approx(made["P"], abs=1e-4)
    assert set(made["files"]) == {"encoder.onnx", "decoder.onnx"}


def test_the_readme_is_short_and_counts_right():
    assert len(text("README.md").splitlines()) <= 75
    (count,) = re.findall(r"one of (\d+) models", text("README.md"))
    assert int(count) == len(MODELS)


def test_the_two_commands_stand_alone():
    app, tests = blocks("README.md", "bash")
    assert all(c.startswith("python3 -m venv") and c.count("\n") == 1 for c in (app, tests))
    assert "requirements.txt" in app and "streamlit run app.py" in app
    assert "requirements-dev.txt" in tests and "-m pytest" in tests
    assert (
        next(line for line in text("README.md").splitlines() if "-m pytest" in line)
        == tests.strip()
    )  # what CI runs


# -- the command line ------------------------------------------------------------------------------


def commands() -> dict:
    """name -> parser of each command."""
    (action,) = [a for a in cli.parser()._actions if isinstance(a, _SubParsersAction)]
    return action.choices


LINES = [
    line
    for path in PAPERS
    for code in re.findall(r"```sh\n(.*?)```", path.read_text(encoding="utf-8"), re.S)
    for line in code.splitlines()
    if "-m lvm_core" in line
]


@pytest.mark.parametrize("line", LINES)
def test_a_printed_command_is_one_that_the_parser_takes(line):
    asked = cli.parser().parse_args(shlex.split(line, comments=True)[3:])
    assert callable(asked.do)
    assert getattr(asked, "model", "PCA") in [*MODELS, "recipe.json"]
    assert getattr(asked, "map", "PCA") in PROJECTIONS


def test_every_command_and_option_is_described():
    said = text("command-line.md")
    assert [
        cell.strip("`").split()[0] for cell in first_column("command-line.md", "commands")
    ] == list(commands())
    options = {
        o
        for p in commands().values()
        for a in p._actions
        for o in a.option_strings
        if o.startswith("--")
    }
    assert set(re.findall(r"(?<![\w-])--[a-z]+", said)) == options | {"--workspace", "--help"}
    for name, parser in commands().items():
        for action in parser._actions:
            for choice in action.choices or ():
                assert str(choice) in said, f"{name} {action.dest} {choice}"


# -- settings --------------------------------------------------------------------------------------


def read_variables() -> set[str]:
    """Every environment variable the code names: ours in any text, others where it asks for
    them.
    """
    found = {f"{PREFIX}{f.name.upper()}" for f in fields(Limits)}
    for tree in TREES.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found |= set(re.findall(rf"{PREFIX}[A-Z_]*[A-Z]", node.value))
            asked = (
                node.args[:1]
                if isinstance(node, ast.Call)
                and ast.unparse(node.func)
                in ("os.environ.get", "os.environ.setdefault", "os.getenv")
                else [node.slice]
                if isinstance(node, ast.Subscript) and ast.unparse(node.value) == "os.environ"
                else []
            )
            found |= {a.value for a in asked if isinstance(a, ast.Constant)}
    return found - {"PYTHONPATH"}  # handed on to processes of our own, no setting


def test_no_setting_is_undocumented_and_none_is_invented():
    known = read_variables()
    assert {f"{PREFIX}HOME", f"{PREFIX}SLOTS", f"{PREFIX}PEOPLE", "OMP_NUM_THREADS"} <= known
    described = set(re.findall(r"^\| `([A-Z_]+)` \|", text("settings.md"), re.M))
    assert described == known
    named = {
        n
        for path in PAPERS
        for n in re.findall(rf"{PREFIX}[A-Z_]*[A-Z]", path.read_text(encoding="utf-8"))
    }
    assert named <= known


# -- links and names -------------------------------------------------------------------------------


def prose(path: Path) -> str:
    """A file without its blocks of code."""
    return re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.S)


def anchors(path: Path) -> set[str]:
    """The headings of a file as GitHub links to them."""
    return {
        re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-")
        for h in re.findall(r"^#+ (.+)$", prose(path), re.M)
    }


def links(path: Path) -> list[str]:
    """Where a file points to within the repository."""
    found = re.findall(r"\]\(([^)\s]+)\)|src=\"([^\"]+)\"", prose(path))
    return [a or b for a, b in found if not (a or b).startswith("http")]


@every_paper
def test_every_link_leads_somewhere(path):
    for link in links(path):
        file, _, anchor = link.partition("#")
        target = path.parent / file if file else path
        assert target.is_file(), link
        assert not anchor or anchor in anchors(target), link


def test_every_page_of_the_docs_is_found_from_the_readme():
    assert {f"docs/{name}" for name in DOCS} <= set(links(ROOT / "README.md"))


@every_paper
def test_every_file_it_names_is_there(path):
    for name in re.findall(
        r"`((?:benchmarks|tests|assets|\.streamlit|\.ci)/[\w./-]+)`",
        path.read_text(encoding="utf-8"),
    ):
        assert (ROOT / name).exists() or name == ".streamlit/secrets.toml", (
            name
        )  # that one a person writes


def test_every_module_that_the_docs_name_is_there():
    for path in PAPERS:
        for module in re.findall(r"`(lvm_core(?:\.\w+)+)`", path.read_text(encoding="utf-8")):
            home, _, name = module.rpartition(".")
            file = ROOT / (module.replace(".", "/") + ".py")
            assert (
                file.is_file()
                or file.with_suffix("").is_dir()
                or hasattr(__import__(home, fromlist=[name]), name)
            ), module


def test_the_tree_of_the_architecture_is_the_repository():
    tree = between("architecture.md", "layout").replace("```", "")
    named, inside = set(), ""
    for indent, name in re.findall(r"^( *)(\S+)(?:  |$)", tree, re.M):
        inside = inside if indent else name
        named.add(inside + name if indent else name)
    assert not [name for name in named if not (ROOT / name).exists()]
    rooms = {
        str(p.relative_to(ROOT)) + "/" * p.is_dir()
        for p in (*(ROOT / "lvm_core").iterdir(), *(ROOT / "pages").iterdir())
        if not p.name.startswith("_") and (p.is_dir() or p.parent.name == "lvm_core")
    }
    assert rooms <= named


def test_the_arrows_of_the_architecture_are_those_that_are_held():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    contracts = [c for c in settings["importlinter"]["contracts"] if c["type"] == "layers"]
    held = {c["containers"][0]: c["layers"][::-1] for c in contracts}
    drawn = " ".join(between("architecture.md", "arrows").replace("```", "").split())
    for package, arrows in re.findall(r"(lvm_core|pages): (.*?)(?= pages:|$)", drawn):
        assert arrows.split(" -> ") == held.pop(package)
    assert not held


def letters(term: str) -> str:
    """A term as a dictionary orders it: without accents, case and marks."""
    return re.sub(r"\W", "", unicodedata.normalize("NFKD", term.casefold()))


def test_the_glossary_is_in_order_and_has_every_score():
    terms = re.findall(r"^\*\*(.+?)\*\*:", text("glossary.md"), re.M)
    assert len(terms) > 50 and len(set(terms)) == len(terms)
    assert terms == sorted(terms, key=letters)
    described = " ".join(first_column("glossary.md", "scores"))
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Score" and node.args:
                names = [
                    n.value
                    for n in ast.walk(node.args[0])
                    if isinstance(n, ast.Constant) and isinstance(n.value, str)
                ]
                assert all(name.strip() in described for name in names), f"{path.name}: {names}"


def test_readme_guide_and_changelog_promise_that_workspaces_stay_loadable():
    for name in ("README.md", "guide.md", "CHANGELOG.md"):
        assert "What one version saved, the next one opens" in " ".join(text(name).split())
    assert f"## [{lvm_core.__version__}]" in text("CHANGELOG.md")
