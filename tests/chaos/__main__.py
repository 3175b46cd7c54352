"""``make chaos``: everything that can be killed is killed, for as long as you like."""

from __future__ import annotations

import argparse
import secrets
import signal
import sys
import tempfile
from pathlib import Path

from tests.chaos.run import Plan, keep_logs, run
from tests.chaos.stores import STORES


def main() -> None:
    """Run, print the summary, and end with status 1 where anything was not as it should be."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--store", choices=STORES, default="s3", help="where files are kept")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000))
    parser.add_argument(
        "--gap", type=float, nargs=2, default=(4.0, 16.0), help="seconds between faults"
    )
    parser.add_argument("--unfinished", type=int, default=6, help="videos under way, at most")
    parser.add_argument("--logs", type=Path, default=Path("chaos-logs"), help="kept on failure")
    arguments = parser.parse_args()
    # However it ends, nothing that it started stays.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Told to stop."))
    plan = Plan(
        store=arguments.store,
        seconds=60 * arguments.minutes,
        seed=arguments.seed,
        gap_seconds=tuple(arguments.gap),
        most_unfinished=arguments.unfinished,
    )
    with tempfile.TemporaryDirectory(prefix="reelworks-chaos-") as name:
        folder = Path(name) / "installation"
        outcome = run(folder, plan)
        sys.stdout.write(outcome.summary() + "\n")
        if outcome.violations:
            keep_logs(folder, arguments.logs)
            sys.stdout.writelines(f"  {violation}\n" for violation in outcome.violations)
            sys.exit(f"Not as it should be; the logs are in {arguments.logs}.")


if __name__ == "__main__":
    main()
