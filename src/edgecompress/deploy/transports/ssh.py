"""Ssh: a board reached by the user's own OpenSSH client, with its configuration, agent, jump hosts and known hosts."""

from collections.abc import Iterator
from contextlib import contextmanager

from edgecompress import temporary
from edgecompress.deploy.board.connection import BoardConnection, connected
from edgecompress.deploy.openssh.address import parse
from edgecompress.deploy.openssh.client import SshClient, short_folder


@contextmanager
def ssh(
    address: str, *, python: str = "", key: str = "", folder: str = "", take: str = ""
) -> Iterator[BoardConnection]:
    """Connect to ``[user@]host[:port]`` and take the board: one job at a time.

    Args:
        address: Where; the host may be an alias of the user's ssh configuration.
        python: The board's own interpreter. Empty: ``python3``. An environment that ``devices setup`` made goes first.
        key: A private key's file. Empty: those that ssh itself would offer.
        folder: Where everything is kept there; see ``connected``. Empty: ``~/.cache/edgecompress``.
        take: ``yes`` ends a job of someone else that runs there.

    Raises:
        InputError: the address is not of that form, or the folder is somebody's.
        DeviceLostError: the board does not answer, or does not let us in.
        RuntimeFailedError: it is busy, or has no room.
    """
    where = parse(address)
    with temporary.folder(inside=short_folder()) as sockets:
        carrier = SshClient(where, f"ssh://{address}", key, sockets)
        with connected(carrier, python=python, folder=folder, take=take) as connection:
            yield connection
