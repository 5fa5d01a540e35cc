"""``python -m edgecompress``, and what the command ``edgecompress`` runs."""

import signal
import sys
from pathlib import Path


def run() -> None:
    """Run the command line. Ctrl-C while it is still loaded ends it without a word: nothing has begun."""
    if signal.getsignal(signal.SIGINT) == signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from edgecompress.cli import main

    main()


if __name__ == "__main__":
    # `python -m` looks for modules in the folder that the user works in before all others, the standard library too.
    if not sys.flags.safe_path and sys.path[:1] == [str(Path.cwd())]:
        del sys.path[0]
    run()
