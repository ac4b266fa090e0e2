"""Math channels under random formulas, half of the grammar and half damaged: a typed error or clean values, soon.

`python -m tests.bench.fuzz_math --formulas 100000`. Chunks run in processes of their own, so that a crash is seen and
names the chunk; `--seed 17 --formulas 5000` runs that chunk again.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from random import Random
from typing import Any

import polars as pl

from ps_analytics import channels
from ps_analytics.channels.functions import FUNCTIONS
from ps_analytics.channels.library import SHIPPED
from ps_analytics.errors import FormulaError
from tests.channels.drives import MINE, SETUP, UNITS, drive
from tests.channels.formulas import call, damaged, formula

CHUNK = 5_000
MOST_MS = 50.0
"""CPU time of one formula on one lap of 90 s at 60 Hz, compiled and run."""
MOST_MB = 600.0
"""Memory of the process at its largest, Python, Polars and SciPy included."""
_AGAIN = 5
"""A formula over the limit is timed again; the least counts, since collectors and neighbours take time, too."""


def main(arguments: Sequence[str] = ()) -> int:
    """Run all chunks and print what became of the formulas; 0 if nothing is wrong."""
    asked = _parse(arguments)
    if asked.one:
        print(json.dumps(run_chunk(asked.seed, asked.formulas)))
        return 0
    total: Counter[str] = Counter()
    wrong: list[str] = []
    worst: list[tuple[float, str]] = []
    largest = 0.0
    for seed in range(asked.seed, asked.seed + -(-asked.formulas // CHUNK)):
        command = [sys.executable, "-m", "tests.bench.fuzz_math", "--one", f"--seed={seed}", f"--formulas={CHUNK}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=_alone())
        if done.returncode:
            wrong.append(f"chunk {seed} ended with {done.returncode}: {done.stderr.strip()[-2000:]}")
            continue
        found = json.loads(done.stdout.splitlines()[-1])
        total.update(found["outcomes"])
        wrong += found["wrong"]
        worst = sorted([*worst, *map(tuple, found["worst"])], reverse=True)[:10]
        largest = max(largest, found["largest_mb"])
    return _tell(total, wrong, worst, largest)


def _tell(total: Counter[str], wrong: list[str], worst: list[tuple[float, str]], largest: float) -> int:
    for outcome, count in total.most_common():
        print(f"{count:8,} {outcome}")
    print(f"{total.total():8,} formulas; memory at most {largest:.0f} MB (limit {MOST_MB:.0f})")
    for ms, text in worst:
        print(f"{ms:8.1f} ms  {text!r}")
    for line in wrong:
        print("WRONG", line)
    return int(bool(wrong) or largest > MOST_MB or (bool(worst) and worst[0][0] > MOST_MS))


def run_chunk(seed: int, formulas: int) -> dict[str, Any]:
    """What became of so many formulas, what went wrong, the slowest, and the memory at its largest in MB."""
    judge = Judge()
    for text in drawn(seed, formulas):
        judge.judge(text)
    return {
        "outcomes": judge.outcomes,
        "wrong": judge.wrong,
        "worst": sorted(judge.times, reverse=True)[:10],
        "largest_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def drawn(seed: int, formulas: int) -> list[str]:
    """Formulas by a seed: every second is a damaged one."""
    chance = Random(seed)
    good = [function.example for function in FUNCTIONS.values()] + [channel.formula for channel in SHIPPED.values()]
    functions = list(FUNCTIONS.values())
    texts = []
    for at in range(formulas):
        if at % 2:
            texts.append(damaged(chance, chance.choice(good), chance.choice(good)))
        else:
            whole = chance.random() < 0.3
            texts.append(call(chance, chance.choice(functions), 2) if whole else formula(chance, chance.randint(1, 5)))
            good.append(texts[-1])
    return texts


class Judge:
    """Runs formulas on one lap with a reference lap and a setup, and keeps what became of them."""

    def __init__(self) -> None:
        self.outcomes: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.times: list[tuple[float, str]] = []
        self._lap, self._reference = drive(seed=1), drive(seed=2)
        self._others = {**SHIPPED, **MINE}

    def judge(self, text: str) -> None:
        """One formula."""
        began = time.process_time()
        try:
            found = self._run(text)
        except FormulaError as error:
            self.outcomes[error.code] += 1
            if not 0 <= error.position <= error.end <= len(error.formula):
                self.wrong.append(f"{text!r}: {error.code} at {error.position} to {error.end}")
        except Exception as error:  # whatever it is, it is what is looked for
            self.wrong.append(f"{text!r}: {type(error).__name__}: {error}")
        else:
            self.outcomes["values"] += 1
            self._look(text, found)
        self._time(text, (time.process_time() - began) * 1e3)

    def _run(self, text: str) -> pl.Series:
        return channels.evaluate(
            {"t": text},
            self._lap,
            units=UNITS,
            setup=SETUP,
            reference=self._reference,
            policy="off",
            library=self._others,
        )["t"]

    def _look(self, text: str, found: pl.Series) -> None:
        if len(found) != len(self._lap) or found.dtype not in (pl.Float64, pl.Boolean):
            self.wrong.append(f"{text!r}: {len(found)} rows of {found.dtype}")
        elif found.dtype == pl.Float64 and not found.is_finite().fill_null(True).all():
            self.wrong.append(f"{text!r}: NaN or infinite values")

    def _time(self, text: str, ms: float) -> None:
        tries = _AGAIN
        while ms > MOST_MS and tries:
            began = time.process_time()
            with suppress(FormulaError):
                self._run(text)
            ms, tries = min(ms, (time.process_time() - began) * 1e3), tries - 1
        self.times = sorted([*self.times, (ms, text)], reverse=True)[:10]


def _alone() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1"}


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--formulas", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--one", action="store_true", help="one chunk in this process")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
