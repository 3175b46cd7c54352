"""``python -m reelworks`` is the command line, and so is ``reelworks``."""

import signal


def main() -> None:
    """Run it. Loading it takes a moment, in which Ctrl-C ends it without a word, too."""
    is_heard = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if is_heard:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from reelworks.cli import main as run

    if is_heard:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    run()


if __name__ == "__main__":
    main()
