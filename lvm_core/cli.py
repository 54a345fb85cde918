"""The command line, for those who live there: fit, synthesise, list, export, import, map-export,
serve. All of it works on the workspace the app works on.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

from .io import files
from .settings import check_environment

ROOT = Path(__file__).resolve().parents[1]


def main(arguments: list[str] | None = None) -> int:
    """Do what the arguments say.

    Parameters
    ----------
    arguments : list of str, optional
        What follows the program's name; the process's own arguments by default.

    Returns
    -------
    int
        The exit code: 0, 1 where it could not be done, 130 when interrupted, of ``fit`` that of the
        worker.

    Raises
    ------
    SystemExit
        For ``--help``, and arguments that cannot be understood.

    Examples
    --------
    >>> import tempfile
    >>> from lvm_core.cli import main
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     main(["--workspace", folder, "list"])
    0
    """
    asked = parser().parse_args(arguments)
    try:
        check_environment()
        return asked.do(asked) or 0
    except (ValueError, OSError) as error:
        # every refusal of ours is a ValueError with one sentence
        print(
            error if isinstance(error, ValueError) else f"{files.reason(error)}.", file=sys.stderr
        )
        return 1
    except KeyboardInterrupt:
        return 130


def parser() -> argparse.ArgumentParser:
    """The commands and their options.

    Returns
    -------
    argparse.ArgumentParser
        Its result has the command's function as ``do``.

    Examples
    --------
    >>> from lvm_core.cli import parser
    >>> parser().parse_args(["fit", "VAE", "digits", "--set", "epochs=10"]).set
    ['epochs=10']
    """
    top = argparse.ArgumentParser("python -m lvm_core", description=__doc__)
    top.add_argument(
        "--workspace",
        metavar="FOLDER",
        help=(
            "where datasets and runs are kept; LATENT_EXPLORER_HOME, or the app's own place, "
            "without it"
        ),
    )
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    fit = commands.add_parser("fit", help="fit a model on a file or a built-in dataset")
    fit.add_argument(
        "model",
        help=(
            "its name, such as VAE, or a JSON file with name and params, such as a saved "
            "recipe.json"
        ),
    )
    fit.add_argument("data", help="a file, or the name of a built-in dataset, such as digits")
    fit.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a parameter of the model; the rest suits the data",
    )
    fit.add_argument(
        "--read",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="an option of the file's reader, such as label=species",
    )
    fit.set_defaults(do=_fit)

    making = commands.add_parser(
        "synthesise", help="write new rows of a table in its original columns, and a report on them"
    )
    making.add_argument(
        "data", help="a file or a built-in dataset to fit to, or a run: its id, its number, or last"
    )
    making.add_argument("--rows", type=int, metavar="N", help="how many (default: as in the data)")
    making.add_argument("--to", required=True, metavar="FILE.csv")
    making.add_argument(
        "--where",
        action="append",
        default=[],
        metavar="CONDITION",
        help="all rows fulfil it, such as 'age >= 30' or 'sex = Female'; give several for more",
    )
    making.add_argument(
        "--rules",
        action="store_true",
        help="all rows keep the rules found in the data: orders, sums, determined columns",
    )
    making.add_argument(
        "--report",
        metavar="FILE",
        help="also measure them: .html to read, .json for programs; 15 columns take half a minute",
    )
    making.add_argument(
        "--model", default="GaussianMixture", help="where data is given (default: GaussianMixture)"
    )
    for name, words in (
        ("--set", "a parameter of the model"),
        ("--read", "an option of the reader"),
    ):
        making.add_argument(name, action="append", default=[], metavar="NAME=VALUE", help=words)
    making.add_argument("--seed", type=int, default=0, help="of the rows (default: 0)")
    making.set_defaults(do=_synthesise)

    listing = commands.add_parser("list", help="list the runs, newest first")
    listing.add_argument("--json", action="store_true", help="one JSON object a line")
    listing.set_defaults(do=_list)

    export = commands.add_parser("export", help="write a run as one zip")
    export.add_argument("run", help="its id, its number, or last")
    export.add_argument("--to", required=True, metavar="FILE.zip")
    export.add_argument(
        "--data",
        choices=("none", "labels", "all"),
        default="none",
        help="what of the dataset goes along (default: none)",
    )
    export.set_defaults(do=_export)

    importing = commands.add_parser("import", help="take a run from such a zip into the workspace")
    importing.add_argument("file", metavar="FILE.zip")
    importing.set_defaults(do=_import)

    leaving = commands.add_parser(
        "map-export", help="write a map of a run as a poster, web page, table, or for another tool"
    )
    leaving.add_argument("run", help="its id, its number, or last")
    leaving.add_argument(
        "--to",
        required=True,
        metavar="FILE",
        help="by its ending: .png, .svg, .html, .csv, .parquet, .zip (TensorBoard)",
    )
    leaving.add_argument(
        "--as",
        dest="form",
        metavar="FORM",
        help="png, svg, html, csv, parquet, tensorboard or atlas, where the ending does not say it",
    )
    leaving.add_argument(
        "--map",
        default="PCA",
        metavar="NAME",
        help="the projection, such as UMAP (default: PCA); one that the app has kept is used again",
    )
    leaving.add_argument("--dimensions", type=int, choices=(2, 3), default=2)
    leaving.add_argument("--seed", type=int, default=0, help="of the map (default: 0)")
    leaving.add_argument(
        "--colour", metavar="COLUMN", help="a column of the dataset (default: its label)"
    )
    leaving.add_argument("--title", default="")
    leaving.add_argument("--size", default="A4", help="of a poster: A4, A3, 16:9 or square")
    leaving.add_argument("--dark", action="store_true", help="a poster on dark paper")
    leaving.add_argument(
        "--private",
        action="store_true",
        help="with names, e-mail addresses and telephone numbers, which are left out otherwise",
    )
    leaving.set_defaults(do=_map_export)

    serve = commands.add_parser("serve", help="open the app", add_help=True)
    serve.add_argument("--port", type=int, default=8501)
    serve.add_argument(
        "--address",
        default="127.0.0.1",
        help="who may connect: 127.0.0.1 is this machine only (default)",
    )
    serve.add_argument("--headless", action="store_true", help="open no browser")
    serve.set_defaults(do=_serve)
    return top


def _workspace(asked):
    from .runs.workspace import Workspace

    return Workspace(asked.workspace).prepare()


def _fit(asked) -> int:
    code, id = _fitted_run(asked)
    if id:
        print(id)
    return code


def _fitted_run(asked) -> tuple[int, str]:
    """The exit code of a fit, and the id of its run where it has learnt something."""
    from . import DATASETS, read_dataset
    from .datasets.doubts import open_doubts
    from .runs.ownership import ownership

    if asked.data in DATASETS and not Path(asked.data).exists():
        dataset = DATASETS[asked.data](**_pairs(asked.read)).load()
    else:
        dataset = read_dataset(asked.data, **_pairs(asked.read))
    for note in dataset.notes:
        print(f"  {note}", file=sys.stderr)
    for doubt in open_doubts(dataset.source):
        other = " ".join(_option(name, value) for name, value in doubt.options.items())
        print(f"  Is this right? {doubt.sentence} {doubt.other}: {other}", file=sys.stderr)
    model = _model(asked.model, _pairs(asked.set), dataset)
    workspace = _workspace(asked)
    own = [
        h for h in workspace.datasets() if not ownership(workspace.dataset_folder(h["id"])).owner
    ]
    kept = workspace.find_dataset(dataset, own)
    run = workspace.add_run(kept or workspace.add_dataset(dataset), model, queued=False)
    folder = workspace.run_folder(run.id)
    print(f"{run.title}: run {run.id}", file=sys.stderr)
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    code = _watch(
        subprocess.Popen(
            [sys.executable, "-m", "lvm_core.runs.fit_worker", str(folder)],
            env=os.environ | {"PYTHONPATH": path},
        ),
        folder,
    )
    run = workspace.run(run.id)
    if run.sentence:
        print(run.sentence, file=sys.stderr)
    if run.has_result:
        for score in workspace.fitted(run.id).scores:
            found = score.reference
            beside = f" ({found.words}, {score.reference_text})" if found else ""
            print(f"{score.name}: {score.text}{beside}", file=sys.stderr)
            if found and found.advice:
                print(f"  {found.advice}", file=sys.stderr)
    return code, run.id if run.has_result else ""


def _synthesise(asked) -> int:
    from .export import encode
    from .export.table_report_page import page
    from .runs.synthesise import report_on, synthesise_under

    ending = Path(asked.report).suffix.lower() if asked.report else ".html"
    if ending not in (".html", ".json"):
        raise ValueError(f"The report is {asked.report}, expected a name ending in .html or .json.")
    if asked.rows is not None and asked.rows < 1:
        raise ValueError(f"--rows is {asked.rows}, expected at least 1.")
    workspace = _workspace(asked)
    name = asked.data
    if name == "last" or any(name.lstrip("#") in (r.id, str(r.number)) for r in workspace.runs()):
        run = _run(workspace, name)
    else:
        code, id = _fitted_run(asked)
        if not id:
            return code or 1
        run = workspace.run(id)
    if not run.has_result:
        raise ValueError(f"{run.title} is {run.state} and has learnt nothing yet.")
    fitted, dataset = workspace.fitted(run.id), workspace.load_dataset(run.dataset)
    made = synthesise_under(
        dataset,
        fitted,
        asked.rows or len(dataset),
        rules=asked.rules,
        where=asked.where,
        seed=asked.seed,
    )
    rows = made.rows
    for rule in made.rules:
        print(f"  Kept: {rule.words} (in {rule.held:,} of {rule.rows:,} rows).", file=sys.stderr)
    if asked.rules and not made.rules:
        print("  No rules were found.", file=sys.stderr)
    for note in made.notes:
        print(f"  {note}", file=sys.stderr)
    files.write(Path(asked.to).absolute(), encode.csv_bytes(rows))
    print(asked.to)
    if asked.report:
        found = report_on(dataset, fitted, rows, seed=asked.seed)
        facts = f"codes from {made.source}", f"seed {asked.seed}", *asked.where
        facts += tuple(f"rule kept: {rule.words}" for rule in made.rules)
        written = (
            found.to_json().encode()
            if ending == ".json"
            else page(found, f"Generated rows of {run.title}", facts)
        )
        files.write(Path(asked.report).absolute(), written)
        print(found.summary, file=sys.stderr)
        print(asked.report)
    return 0


def _watch(worker: subprocess.Popen, folder: Path) -> int:
    """Show the last line of progress until the worker ends. Ctrl-C reaches it too: it pauses
    the run after a checkpoint.
    """
    said = ""
    while worker.poll() is None:
        try:
            time.sleep(0.2)
            if sys.stderr.isatty() and (line := _last(folder / "progress.jsonl")) and line != said:
                said = line
                print(f"\r\x1b[K{said}", end="", file=sys.stderr)
        except KeyboardInterrupt:
            continue
    if said:
        print(file=sys.stderr)
    return worker.returncode if worker.returncode >= 0 else 128 - worker.returncode


def _last(path: Path) -> str:
    try:
        record = json.loads(path.read_text(encoding="utf-8").splitlines()[-1])
        return "  ".join(
            f"{name} {value:.6g}"
            for name, value in record.items()
            if isinstance(value, (int, float))
        )
    except (OSError, ValueError, IndexError, AttributeError):
        return ""


def _model(name: str, chosen: dict, dataset):
    """The model by name, its parameters suited to the data, or as a JSON file states it. Raises
    ValueError.
    """
    from . import MODELS

    if name not in MODELS and Path(name).suffix == ".json":
        config = files.read_json(Path(name))
        if (
            not isinstance(config, dict)
            or config.get("name") not in list(MODELS)
            or not isinstance(config.get("params"), dict)
        ):
            raise ValueError(
                f"{name} is no recipe; expected a JSON object with name (one of "
                f"{', '.join(MODELS)}) and params."
            )
        cls, params = MODELS[config["name"]], config["params"]
    elif name in MODELS:
        cls = MODELS[name]
        params = cls.suggest(len(dataset), dataset.schema)
    else:
        raise ValueError(f"There is no model {name!r}; there are: {', '.join(MODELS)}.")
    strange = sorted({*params, *chosen} - {*cls.parameters()})
    if strange:
        raise ValueError(
            f"{cls.__name__} has no parameter {strange[0]!r}; there are: "
            f"{', '.join(cls.parameters())}."
        )
    model = cls(**params | chosen)
    model.validate()
    return model


def _option(name: str, value) -> str:
    """As it is typed, so that :func:`_pairs` has it back."""
    return shlex.join(
        ["--read", f"{name}={value if isinstance(value, str) else json.dumps(value)}"]
    )


def _pairs(texts: list[str]) -> dict:
    """``["epochs=10"]`` -> ``{"epochs": 10}``: numbers, true, false and null as JSON has them,
    everything else as text.
    """
    pairs = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise ValueError(f"{text!r} sets nothing; expected NAME=VALUE.")
        try:
            pairs[name] = json.loads(value)
        except ValueError:
            pairs[name] = value
    return pairs


def _list(asked) -> None:
    from .metrics.base import shown

    for run in _workspace(asked).runs():
        if asked.json:
            print(
                json.dumps(
                    {
                        {"config": "recipe"}.get(k, k): v
                        for k, v in asdict(run).items()
                        if k != "facts"
                    }
                )
            )
        else:
            score = (
                f"{run.score['name']} {shown(run.score['value'], None, run.score['unit'])}"
                if run.score and run.score.get("value") is not None
                else ""
            )
            print(
                (
                    f"{run.id}  {run.state:9}  {run.created[:16].replace('T', ' ')}  {run.title}  "
                    f"{score}"
                ).rstrip()
            )


def _run(workspace, name: str):
    runs = workspace.runs()
    found = (
        runs[:1]
        if name == "last"
        else [run for run in runs if name.lstrip("#") in (run.id, str(run.number))]
    )
    if not found:
        raise ValueError(
            f"There is no run {name[:40]!r} in {workspace.folder}; list shows those that are there."
        )
    return found[0]


def _export(asked) -> None:
    from .runs.archive import pack

    workspace = _workspace(asked)
    run = _run(workspace, asked.run)
    if not run.has_result:
        raise ValueError(
            f"{run.title} is {run.state} and has learnt nothing yet that could be exported."
        )
    fitted, dataset = workspace.fitted(run.id), workspace.load_dataset(run.dataset)

    def save(path: Path) -> None:
        with path.open("wb") as file:
            for sentence in pack(fitted, dataset, file, title=run.title, data=asked.data):
                print(sentence, file=sys.stderr)

    files.write(Path(asked.to).absolute(), save)
    print(asked.to)


def _map_export(asked) -> None:
    from datetime import date

    import numpy as np

    from . import PROJECTIONS
    from .datasets.titles import title_columns, without_private
    from .datasets.upload import name_list
    from .export.formats import EXPORT_FORMATS, ExportRequest, facts
    from .export.map_tables import Extract

    ending = Path(asked.to).suffix.lower()
    form = asked.form or {".zip": "tensorboard"}.get(ending, ending[1:])
    if form not in EXPORT_FORMATS:
        raise ValueError(
            f"There is no form {form!r} of a map; there are: {', '.join(EXPORT_FORMATS)}."
        )
    workspace = _workspace(asked)
    run = _run(workspace, asked.run)
    if not run.has_result:
        raise ValueError(
            f"{run.title} is {run.state} and has learnt nothing yet that could be exported."
        )
    fitted, dataset = workspace.fitted(run.id), workspace.load_dataset(run.dataset)
    mapped = _mapped(asked, workspace.run_folder(run.id), fitted)
    if not asked.private and (private := title_columns(dataset).private):
        dataset = without_private(dataset, all=True)
        print(
            f"Left out, about persons: {name_list(private)}; --private keeps them.", file=sys.stderr
        )
    column = asked.colour or next(iter(dataset.colours()), None)
    wanted = ExportRequest(
        Extract(dataset, fitted.codes, mapped.positions, np.arange(len(dataset))),
        column,
        asked.title,
        facts(
            fitted.model,
            PROJECTIONS[asked.map].title,
            mapped.projection,
            len(dataset),
            date.today().isoformat(),
        ),
        tuple(mapped.scores),
        asked.size,
        asked.dark,
    )
    made = EXPORT_FORMATS[form].make(wanted, None)
    files.write(Path(asked.to).absolute(), made)
    print(asked.to)


def _mapped(asked, folder: Path, fitted):
    """The map as the app kept it with the run, or made now."""
    from . import PROJECTIONS
    from .mapping import map_codes, score, suggest
    from .runs.store import load_map

    if asked.map not in PROJECTIONS:
        raise ValueError(f"There is no map {asked.map!r}; there are: {', '.join(PROJECTIONS)}.")
    cls = PROJECTIONS[asked.map]
    codes = fitted.codes
    params = suggest(cls, len(codes), fitted.model)
    projection = cls(**params | {"n_components": asked.dimensions, "random_state": asked.seed})
    kept = folder / "maps" / (asked.map + projection.cache_key())
    if not kept.is_dir():
        return map_codes(codes, projection)
    mapped = load_map(kept, len(codes))
    if not mapped.scores:  # kept before anybody asked for them
        score(mapped, codes)
    return mapped


def _import(asked) -> None:
    from .runs import archive

    with Path(asked.file).open("rb") as file:
        found = archive.read(file)
    workspace = _workspace(asked)
    run = archive.already_here(found, workspace, workspace.runs())
    said = "Already here as "
    if run is None:
        run, said = archive.unpack(found, workspace), ""
    print(f"{said}{run.title}: run {run.id}", file=sys.stderr)
    print(run.id)


def _serve(asked) -> int:
    from .settings import LIMITS

    most = max(LIMITS.upload_bytes, LIMITS.array_bytes, LIMITS.archive_bytes) // 2**20
    settings = {
        "port": asked.port,
        "address": asked.address,
        "headless": str(asked.headless).lower(),
        "maxUploadSize": most,
    }
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        str(ROOT / "app.py"),
        *(f"--server.{name}={value}" for name, value in settings.items()),
    ]
    environment = os.environ | (
        {"LATENT_EXPLORER_HOME": str(Path(asked.workspace).absolute())} if asked.workspace else {}
    )
    return subprocess.call(command, env=environment, cwd=ROOT)
