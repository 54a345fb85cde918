"""Pictures of 32 to 256 pixels a side: seconds and memory of reading, PCA and maps.

    python benchmarks/picture_sizes.py [--rows 2000] [--sides 64 256] [--maps UMAP TSNE]

The pictures are crops of scikit-learn's two sample photographs, turned and scaled, and every fourth
one a drawing with transparency, in a zip as a person would bring it. Each step is measured in a
process of its own, so that its peak of memory is its own.
"""

from __future__ import annotations

import argparse
import io
import json
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lvm_core import MODELS, PROJECTIONS, read_dataset
from lvm_core.fitting import fit_run
from lvm_core.mapping import map_codes
from lvm_core.runs.store import load_dataset, save_dataset


def photographs(n: int, side: int = 320, seed: int = 0) -> bytes:
    """A zip of n pictures: crops of two photographs as JPEG, drawings as PNG with alpha."""
    from PIL import Image, ImageDraw
    from sklearn.datasets import load_sample_images

    rng = np.random.default_rng(seed)
    sources = [Image.fromarray(picture) for picture in load_sample_images().images]
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        for i in range(n):
            data = io.BytesIO()
            if i % 4 < 3:
                source = sources[i % 2].rotate(rng.uniform(-30, 30), Image.Resampling.BILINEAR)
                size = int(rng.integers(120, 300))
                x, y = rng.integers(60, 570 - size), rng.integers(40, 400 - size)
                picture = source.crop((x, y, x + size, y + size)).resize((side, side))
                picture.save(data, "JPEG", quality=88)
                name = f"{('temple', 'flower')[i % 2]}/{i}.jpg"
            else:
                picture = Image.new("RGBA", (side, side))
                draw, (x, y) = ImageDraw.Draw(picture), rng.integers(40, side // 2, 2)
                box = [int(x), int(y), int(x + rng.integers(60, side // 2)), int(y + 100)]
                colour = tuple(int(v) for v in rng.integers(0, 256, 3))
                (draw.ellipse if i % 8 < 4 else draw.rectangle)(box, (*colour, 230))
                picture.save(data, "PNG")
                name = f"drawing/{i}.png"
            packed.writestr(name, data.getvalue())
    return file.getvalue()


def measured(work) -> dict:
    """What a step took: CPU and wall seconds, and the peak of resident memory of this process."""
    cpu, wall = time.process_time(), time.perf_counter()
    more = work() or {}
    return {
        "cpu_s": round(time.process_time() - cpu, 1),
        "wall_s": round(time.perf_counter() - wall, 1),
        "peak_MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    } | more


def step(name: str, folder: Path, side: int) -> dict:
    """One step on the files in ``folder``."""
    if name == "nothing":
        return measured(lambda: None)
    if name == "read":

        def read():
            dataset = read_dataset(
                (folder / "pictures.zip").read_bytes(), "pictures.zip", side=side
            )
            save_dataset(folder / f"data-{side}", dataset)
            return {"values": dataset.X.shape[1]}

        return measured(read)
    dataset = load_dataset(folder / f"data-{side}")
    if name == "PCA":

        def fit():
            fitted = fit_run(dataset, MODELS["PCA"](latent_dim=16))
            np.save(folder / f"codes-{side}.npy", fitted.codes)
            return {"kept_%": round(100 * fitted.scores[0].value, 2)}

        return measured(fit)
    codes = np.load(folder / f"codes-{side}.npy")

    def mapped():
        map_codes(codes, PROJECTIONS[name]())

    return measured(mapped)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--sides", type=int, nargs="+", default=[64, 128, 256])
    parser.add_argument("--maps", nargs="*", default=["UMAP", "TSNE"])
    parser.add_argument("--step", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.step:
        print(json.dumps(step(asked.step, asked.folder, asked.sides[0])))
        return
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "pictures.zip").write_bytes(photographs(asked.rows))
        print(f"{asked.rows} pictures, {(Path(folder) / 'pictures.zip').stat().st_size >> 20} MB")
        for side in asked.sides:
            for name in ("nothing", "read", "PCA", *asked.maps):
                again = [sys.executable, __file__, "--step", name, "--folder", folder]
                done = subprocess.run(
                    [*again, "--sides", str(side)], capture_output=True, text=True, check=False
                )
                print(side, name, done.stdout.strip() or done.stderr[-1500:], flush=True)


if __name__ == "__main__":
    main()
