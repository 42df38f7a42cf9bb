"""Replay a history: python -m tests.faults --seed N [--rounds R], or look for failing ones: --seeds FROM TO."""

import argparse
import sys
import time

import structlog

from tests.faults.simulation import ROUNDS, run


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--seeds", type=int, nargs=2, metavar=("FROM", "TO"), default=(0, 200))
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    arguments = parser.parse_args()
    structlog.configure(processors=[dropped])
    first, last = (arguments.seed, arguments.seed + 1) if arguments.seed is not None else arguments.seeds
    begun, failed, deliveries, executions = time.process_time(), 0, 0, 0
    for seed in range(first, last):
        told = run(seed, arguments.rounds)
        deliveries += told.deliveries
        executions += told.executions
        failed += bool(told.violations)
        for violation in told.violations:
            print(f"seed {seed}: {violation}")
        if arguments.seed is not None:
            print(f"injected: {dict(told.injected)}")
    seconds = time.process_time() - begun
    print(
        f"{last - first} histories, {failed} failed; {executions} executions, {deliveries} deliveries, {seconds:.1f} s"
    )
    return int(failed > 0)


def dropped(*_: object) -> str:
    raise structlog.DropEvent


if __name__ == "__main__":
    sys.exit(main())
