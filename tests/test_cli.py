"""The command line, in processes of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from waiting import until

ROOT = Path(__file__).parents[1]
CSV = "size,weight,kind\n" + "".join(
    f"{160 + i % 37},{50 + i % 23 + i % 2},{'ab'[i % 2]}\n" for i in range(60)
)


@pytest.fixture
def lvm(tmp_path):
    """Runs ``python -m lvm_core`` with a workspace of its own; returns the finished process."""

    def call(*arguments, **options):
        return subprocess.run(
            [
                sys.executable,
                "-m",
                "lvm_core",
                "--workspace",
                str(tmp_path / "w"),
                *map(str, arguments),
            ],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
            timeout=120,
            **options,
        )

    return call


def test_fit_list_export_import(lvm, tmp_path):
    (tmp_path / "people.csv").write_text(CSV)
    fitted = lvm(
        "fit",
        "VAE",
        "people.csv",
        "--set",
        "epochs=3",
        "--set",
        "latent_dim=2",
        "--read",
        "label=kind",
    )
    assert fitted.returncode == 0, fitted.stderr
    id = fitted.stdout.strip()
    assert len(id) == 16 and "Label: kind" in fitted.stderr and "VAE on people.csv" in fitted.stderr
    listed = lvm("list")
    assert listed.stdout.startswith(f"{id}  done") and "#1 VAE on people.csv" in listed.stdout
    params = json.loads(lvm("list", "--json").stdout)["recipe"]["params"]
    assert (params["epochs"], params["latent_dim"]) == (3, 2)

    exported = lvm("export", "1", "--to", "out.zip")
    assert exported.returncode == 0 and "no rows of the data" in exported.stderr
    with zipfile.ZipFile(tmp_path / "out.zip") as z:
        assert {"reload.py", "encoder.onnx", "fit/model/weights.safetensors"} <= set(
            z.namelist()
        ) and "data/X.npy" not in z.namelist()
    imported = lvm("import", "out.zip")
    assert imported.returncode == 0, imported.stderr
    assert "Already here as #1" in imported.stderr
    assert lvm("list").stdout.count("done") == 1 and imported.stdout.strip() in lvm("list").stdout

    config = tmp_path / "w" / "runs" / id / "model" / "recipe.json"
    again = lvm("fit", config, "people.csv", "--read", "label=kind")
    assert (
        again.returncode == 0
        and json.loads(lvm("list", "--json").stdout.splitlines()[0])["recipe"]["params"] == params
    )


def test_synthesise_writes_rows_and_a_report_from_a_file_and_from_a_run(lvm, tmp_path):
    (tmp_path / "people.csv").write_text(CSV)
    arguments = ("--rows", 40, "--seed", 3, "--to", "made.csv")
    done = lvm("synthesise", "people.csv", "--model", "PCA", *arguments, "--report", "report.html")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["made.csv", "report.html"] and "checks." in done.stderr
    first = (tmp_path / "made.csv").read_text(encoding="utf-8-sig")
    lines = first.splitlines()
    assert lines[0].split(",")[:2] == ["size", "weight"] and len(lines) == 41
    text = (tmp_path / "report.html").read_text()
    assert text.startswith("<!DOCTYPE html>") and "Exact copies" in text and "PCA on people" in text
    again = lvm("synthesise", "last", *arguments, "--report", "report.json")
    assert (
        again.returncode == 0 and (tmp_path / "made.csv").read_text(encoding="utf-8-sig") == first
    )
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["rows"] == {"train": 54, "held_out": 6, "generated": 40}
    assert len(lvm("list").stdout.splitlines()) == 1


def test_synthesised_rows_have_their_label_keep_rules_and_fulfil_conditions(lvm, tmp_path):
    rows = ["part,other,kind,whole,code"] + [
        f"{i % 37 + 1},{i % 23 + 1},{'ab'[i % 2]},{i % 37 + i % 23 + 2},{'xyz'[i % 3]}"
        for i in range(300)
    ]
    (tmp_path / "sums.csv").write_text("\n".join(rows))
    options = ("--rows", 50, "--rules", "--where", "part >= 20", "--to", "made.csv")
    fit = ("--model", "VAE", "--set", "epochs=4", "--read", "label=kind")
    done = lvm("synthesise", "sums.csv", *fit, *options, "--where", "code = x, y")
    assert done.returncode == 0, done.stderr
    assert "Kept: whole is part + other (in 270 of 270 rows)" in done.stderr
    assert "kind is no part of what the model learnt" in done.stderr
    made = pd.read_csv(tmp_path / "made.csv")
    assert list(made.columns) == ["part", "other", "kind", "whole", "code"] and len(made) == 50
    assert (made["whole"] == made["part"] + made["other"]).all() and made["part"].min() >= 20
    assert set(made["code"]) == {"x", "y"} and set(made["kind"]) <= {"a", "b"}
    last = lvm("synthesise", "last", "--rows", 20, "--where", "kind = b", "--to", "b.csv")
    assert last.returncode == 0, last.stderr
    assert set(pd.read_csv(tmp_path / "b.csv")["kind"]) == {"b"}
    refused = lvm("synthesise", "last", "--where", "kind = c", "--to", "c.csv")
    assert refused.returncode == 1
    assert refused.stderr.strip() == "kind is never c in the data; it is one of a, b."


@pytest.mark.parametrize(
    "arguments, words",
    [
        (("synthesise", "iris", "--to", "x.csv", "--report", "x.pdf"), "ending in .html or .json"),
        (("synthesise", "iris", "--to", "x.csv", "--rows", "0"), "at least 1"),
        (("fit", "Oracle", "iris"), "no model 'Oracle'; there are: "),
        (("fit", "PCA", "nothing.csv"), "no file nothing.csv"),
        (("fit", "PCA", "iris", "--set", "depth=3"), "no parameter 'depth'"),
        (("fit", "PCA", "iris", "--set", "latent_dim=0"), "latent_dim is 0"),
        (("fit", "PCA", "iris", "--set", "latent_dim"), "expected NAME=VALUE"),
        (("export", "7", "--to", "x.zip"), "no run '7'"),
        (("import", "nothing.zip"), "not there"),
    ],
)
def test_one_sentence_and_exit_code_one(lvm, arguments, words):
    done = lvm(*arguments)
    assert done.returncode == 1 and words in done.stderr and "Traceback" not in done.stderr


def test_the_same_file_is_kept_once(lvm, tmp_path):
    (tmp_path / "people.csv").write_text(CSV)
    for read in ("label=kind", "label=kind", "label=none"):
        assert lvm("fit", "PCA", "people.csv", "--read", read).returncode == 0
    assert len(list((tmp_path / "w" / "datasets").iterdir())) == 2
    assert len(list((tmp_path / "w" / "runs").iterdir())) == 3


def test_a_hostile_archive_is_refused(lvm, tmp_path):
    (tmp_path / "bad.zip").write_bytes(b"PK\3\4" + b"\xff" * 200)
    done = lvm("import", "bad.zip")
    assert (
        done.returncode == 1
        and "damaged zip" in done.stderr
        and "Traceback" not in done.stderr
        and not lvm("list").stdout
    )


def test_export_never_leaves_half_a_file(lvm, tmp_path):
    assert lvm("fit", "PCA", "iris").returncode == 0
    done = lvm("export", "last", "--to", "no/such/folder/out.zip")
    assert done.returncode == 1 and "not there" in done.stderr
    assert not [p for p in tmp_path.iterdir() if p.name != "w"]


def test_serve_opens_the_app(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "lvm_core",
            "--workspace",
            str(tmp_path / "w"),
            "serve",
            "--port",
            str(port),
            "--headless",
        ],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:

        def answer():
            try:
                return urllib.request.urlopen(
                    f"http://127.0.0.1:{port}/_stcore/health", timeout=1
                ).read()
            except OSError:
                return None

        assert until(answer) == b"ok"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(20)


def test_a_doubt_is_said_with_the_option_that_gives_the_other_reading(lvm, tmp_path):
    rows = [f"{who},{t},{(who * t * 7) % 11}.5" for who in range(12) for t in range(12)]
    (tmp_path / "l.csv").write_text("\n".join(["sensor,time,value", *rows]))
    first = lvm("fit", "PCA", "l.csv", "--set", "latent_dim=2")
    assert first.returncode == 0, first.stderr
    assert "12 series of 12 moments" in first.stderr and "--read series=none" in first.stderr
    again = lvm("fit", "PCA", "l.csv", "--set", "latent_dim=2", "--read", "series=none")
    assert again.returncode == 0 and "Is this right?" not in again.stderr


def test_a_map_leaves_without_names_and_e_mails_unless_they_are_asked_for(lvm, tmp_path):
    rows = [f"{i},u{i}@example.org,{i % 7},{i % 5}.5,{'ab'[i % 2]}" for i in range(40)]
    (tmp_path / "c.csv").write_text("\n".join(["id,email,orders,paid,plan", *rows]))
    assert lvm("fit", "PCA", "c.csv", "--set", "latent_dim=2").returncode == 0
    made = lvm("map-export", "last", "--to", "m.csv")
    assert made.returncode == 0 and "Left out, about persons: email" in made.stderr
    assert "@" not in (tmp_path / "m.csv").read_text()
    assert lvm("map-export", "last", "--to", "m.csv", "--private").returncode == 0
    assert "u3@example.org" in (tmp_path / "m.csv").read_text()
