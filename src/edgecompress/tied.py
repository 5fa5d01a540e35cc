"""A module run as a program that ends when the process that started it does, however that ends.

``python -P -m edgecompress.tied PARENT SIGNAL FOLDER MODULE ARGUMENT...``; ``workers.python`` makes that command. What
the module makes for a while it makes in FOLDER, which goes with the parent.
"""

import os
import sys


def main(arguments: list[str]) -> None:
    """Run the module as ``python -m`` does."""
    parent, number, folder, module, *rest = arguments
    os.environ["TMPDIR"] = folder
    end_with(int(parent), int(number))
    import runpy

    sys.argv = [module, *rest]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def end_with(parent: int, number: int) -> None:
    """Have this process get the signal ``number`` when ``parent`` is gone. It is not to be Python that notices.

    A runtime that computes in native code lets no thread of Python run; where only a thread can look, one does.
    """
    if sys.platform == "linux":
        import ctypes

        pdeathsig = 1  # PR_SET_PDEATHSIG of prctl.h
        ctypes.CDLL(None).prctl(pdeathsig, number, 0, 0, 0)
    else:
        import threading

        threading.Thread(target=_watch, args=(parent, number), daemon=True).start()
    if os.getppid() != parent:  # it was gone before
        os.kill(os.getpid(), number)


def _watch(parent: int, number: int) -> None:
    import time

    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), number)


if __name__ == "__main__":
    main(sys.argv[1:])
