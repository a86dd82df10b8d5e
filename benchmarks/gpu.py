"""The GPU against the CPU: whether every map is the same one, how much faster, and how steady.

    python benchmarks/gpu.py [--pictures 4] [--rounds 20]

Maps are held against the CPU's in float64. In float32 a ReLU near zero may fall either way, on the
CPU too: that error is shown and not judged. Networks without weights here are untrained, which
costs as much.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import numpy as np
import torch

from cactiviz.errors import CactivizError, DeviceError
from cactiviz.explanations.explain import explain
from cactiviz.explanations.results import Explanation
from cactiviz.methods import FILTERS, VIEWS
from cactiviz.models import load_model
from cactiviz.pictures.open import samples
from cactiviz.runtime.runner import Network, Runner
from cactiviz.types import Picture

NETWORKS = (
    *("alexnet", "densenet121", "resnet152", "efficientnet_b0", "efficientnet_b3", "cactinet"),
    *("torchvision:convnext_tiny", "torchvision:mobilenet_v2", "torchvision:squeezenet1_0"),
)
PANEL = ("grad_cam", "saliency", "guided_backprop")
#: What may be between GPU and CPU in float64, and between two equal questions in float32.
EXACT, FLOOR = 1e-8, 1e-4
#: Bytes for networks, too few for the four that take turns, and how often they are asked.
ROOM, READINGS = 80 * 2**20, 40


def load(name: str, **options: object):  # type: ignore[no-untyped-def]
    return load_model(name, untrained=name != "cactinet", may_download=False, **options)  # type: ignore[arg-type]


def error(found: Explanation, exact: Explanation, view: str) -> float:
    """Of a map, as a share of its norm."""
    reference = exact.attributions[view].values
    difference = found.attributions[view].values.astype(np.float64) - reference
    norm = float(np.linalg.norm(reference))
    return float(np.linalg.norm(difference)) / norm if norm else float(np.abs(difference).max())


def same_maps(pictures: list[Picture]) -> list[str]:
    wrong = []
    views = [view for view in VIEWS if view != FILTERS]
    print("largest error of a map, as a share of its norm, over all methods")
    print(f"{'network':28} {'float64':>9} {'float32':>9} {'CPU float32':>12} {'probability':>12}")
    for name in NETWORKS:
        exact = load(name, device="cpu", dtype=torch.float64)
        others = (
            load(name, device="cuda", dtype=torch.float64),
            load(name, device="cuda"),
            load(name, device="cpu"),
        )
        worst, probability = [0.0, 0.0, 0.0], 0.0
        for picture in pictures:
            truth = explain(exact, picture, views)
            # Close answers of random weights may change places: all explain the same class.
            target = truth.predictions[0].class_index
            for number, model in enumerate(others):
                found = explain(model, picture, views, target=target)
                if truth.failures or found.failures:
                    wrong.append(f"{name}: {truth.failures} {found.failures}")
                errors = [error(found, truth, view) for view in truth.attributions]
                worst[number] = max(worst[number], *errors)
                if number == 1:
                    difference = float(np.abs(truth.shares - found.shares).max())
                    probability = max(probability, difference)
        print(
            f"{name:28} {worst[0]:9.1e} {worst[1]:9.1e} {worst[2]:12.1e} {probability:12.1e}",
            flush=True,
        )
        if worst[0] > EXACT:
            wrong.append(f"{name}: {worst[0]:.1e} in float64 on the GPU")
        if not np.array_equal(
            explain(others[2], pictures[0], [FILTERS]).filters.kernels,  # type: ignore[union-attr]
            explain(others[1], pictures[0], [FILTERS]).filters.kernels,  # type: ignore[union-attr]
        ):
            wrong.append(f"{name}: its filters are others on the GPU")
    return wrong


def keeps_out_of_tf32(picture: Picture) -> list[str]:
    """A program that allows TF32 gets exact maps all the same, and its setting back."""
    convolution = torch.backends.cudnn.conv  # type: ignore[attr-defined]
    product = torch.backends.cuda.matmul
    model = load("resnet152", device="cuda")
    before = explain(model, picture, PANEL)
    old = convolution.fp32_precision, product.fp32_precision
    convolution.fp32_precision = product.fp32_precision = "tf32"
    try:
        after = explain(model, picture, PANEL)
        kept = convolution.fp32_precision, product.fp32_precision
    finally:
        convolution.fp32_precision, product.fp32_precision = old
    worst = max(error(after, before, view) for view in PANEL)
    print(f"with TF32 allowed by others: maps differ by {worst:.1e}, setting after: {kept[0]}")
    wrong = [] if worst < FLOOR else [f"TF32 got in: {worst:.1e}"]
    return wrong if kept == ("tf32", "tf32") else [*wrong, f"the setting was changed: {kept}"]


def milliseconds(work: Callable[[], object], rounds: int) -> float:
    """Median wall time of one call; what it returns is on the CPU, so that the GPU is done."""
    taken = []
    for turn in range(rounds + 3):
        started = time.perf_counter()
        work()
        if turn >= 3:
            taken.append(1e3 * (time.perf_counter() - started))
    return statistics.median(taken)


def times(picture: Picture, rounds: int) -> None:
    print(f"\nGrad-CAM, saliency and guided backprop of one picture, all {len(VIEWS)} views beside")
    print(f"{'network':28} {'CPU, ms':>9} {'GPU, ms':>9} {'ratio':>7} {'all views':>10}")
    totals = [0.0, 0.0]
    for name in NETWORKS[:6]:
        cpu, gpu = load(name, device="cpu"), load(name, device="cuda")
        here = milliseconds(partial(explain, cpu, picture, PANEL), max(3, rounds // 4))
        there = milliseconds(partial(explain, gpu, picture, PANEL), rounds)
        every = milliseconds(partial(explain, gpu, picture, VIEWS), rounds)
        totals = [totals[0] + here, totals[1] + there]
        print(f"{name:28} {here:9.1f} {there:9.1f} {here / there:6.1f}x {every:10.1f}")
    here, there = totals
    print(f"{'all six':28} {here:9.1f} {there:9.1f} {here / there:6.1f}x")


def many_threads(pictures: list[Picture]) -> list[str]:
    """Equal answers, whoever asks at the same time."""
    model = load("efficientnet_b0", device="cuda")
    serial = [explain(model, picture, PANEL) for picture in pictures]
    worst: list[float] = []
    said: list[str] = []

    def session(number: int) -> None:
        for turn in range(8):
            index = (number + turn) % len(pictures)
            try:
                found = explain(model, pictures[index], PANEL)
            except CactivizError as problem:
                said.append(str(problem))
            else:
                worst.extend(error(found, serial[index], view) for view in PANEL)

    threads = [threading.Thread(target=session, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"\n6 threads, 48 readings: maps differ by {max(worst):.1e} at most, {len(said)} errors")
    return said if max(worst) < FLOOR else [*said, f"threads disturb each other: {max(worst):.1e}"]


def megabytes() -> float:
    gc.collect()
    torch.cuda.synchronize()
    return torch.cuda.memory_allocated() / 2**20


def memory(picture: Picture) -> list[str]:
    """Flat over many readings; a network that has to go leaves nothing behind."""
    wrong = []
    at_first = megabytes()
    runner = Runner("cuda", models_bytes=ROOM)

    def explanation(name: str, turn: int) -> None:
        rgb = np.roll(picture.rgb, turn, axis=1)
        shifted = Picture(np.ascontiguousarray(rgb), f"{turn}", "")
        question = runner.read(Network(name, name != "cactinet"), shifted, PANEL)
        if not isinstance(question, Explanation):
            question.result(60)

    names = ("densenet121", "efficientnet_b0", "efficientnet_b3", "cactinet")
    for turn in range(8):
        explanation(names[turn % 4], turn)
    warm = megabytes()
    for turn in range(8, 8 + READINGS):
        explanation(names[turn % 4], turn)
    after = megabytes()
    print(
        f"memory of the GPU: {warm:.0f} MB, {after:.0f} MB after {READINGS} readings by 4 networks"
    )
    loaded = runner.in_memory()
    print(f"  room for {ROOM >> 20} MB of networks: {', '.join(loaded)} are in memory")
    if after > warm + 1:
        wrong.append(f"memory grows: {warm:.0f} to {after:.0f} MB")
    for name in names:
        runner.forget(Network(name, name != "cactinet"))
    left = megabytes() - at_first
    print(f"  {left:.1f} MB are left when all networks are forgotten")
    return wrong if left < 20 else [*wrong, f"{left:.0f} MB are left behind"]


@contextmanager
def little_memory(bytes_: int) -> Iterator[None]:
    torch.cuda.empty_cache()
    total = torch.cuda.get_device_properties(0).total_memory
    torch.cuda.set_per_process_memory_fraction((megabytes() * 2**20 + bytes_) / total)
    try:
        yield
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
        torch.cuda.empty_cache()


def runs_out(picture: Picture) -> list[str]:
    """Too little memory gives a sentence, and the next question its answer."""
    model = load("resnet152", device="cuda")
    before = explain(model, picture, PANEL)
    with little_memory(64 * 2**20):
        try:
            explain(model, picture, PANEL)
            said = ""
        except DeviceError as problem:
            said = str(problem)
    again = explain(model, picture, PANEL)
    worst = max(error(again, before, view) for view in PANEL)
    print(f"out of memory: “{said}”; after it maps differ by {worst:.1e}")
    wrong = [] if said else ["64 MB were enough, or no sentence came"]
    return wrong if worst < FLOOR else [*wrong, f"it computes otherwise afterwards: {worst:.1e}"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    if not torch.cuda.is_available():
        print("There is no GPU here that PyTorch can use.")
        return
    print(f"torch {torch.__version__}, {torch.cuda.get_device_name()}, ", end="")
    print(f"{torch.get_num_threads()} threads of the CPU")
    pictures = list(samples().values())[: options.pictures]
    first = pictures[0]
    wrong = same_maps(pictures)
    wrong += keeps_out_of_tf32(first)
    times(first, options.rounds)
    wrong += many_threads(pictures)
    wrong += memory(first)
    wrong += runs_out(first)
    print("\n" + ("\n".join(f"WRONG: {one}" for one in wrong) if wrong else "All as it should be."))
    raise SystemExit(bool(wrong))


if __name__ == "__main__":
    main()
