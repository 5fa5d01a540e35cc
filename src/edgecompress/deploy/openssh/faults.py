"""Explain the errors of OpenSSH, each as one line that says what to do."""

import re

_CHANGED_KEY = (
    r"REMOTE HOST IDENTIFICATION HAS CHANGED",
    "its host key is not the one in your known_hosts: another machine, or a system installed anew; "
    "if you know why, remove the old key with 'ssh-keygen -R HOST' and log in once by hand",
)
_UNKNOWN_KEY = (
    r"Host key verification failed|No \S+ host key is known",
    "its host key is not in your known_hosts yet: log in once with 'ssh' by hand and compare the key",
)
# The first pattern that is found in ssh's message is what happened. ``{name}`` is the device's name as it was given.
_FAULTS = (
    _CHANGED_KEY,
    _UNKNOWN_KEY,
    (
        r"Permission denied|Too many authentication failures|No supported authentication methods",
        "it refuses the login; passwords are not asked for here: load your key into ssh-agent, or put it there with "
        "ssh-copy-id, and check the user's name",
    ),
    (r"Could not resolve hostname", "its name is not known here; check the address, or give its number"),
    (r"Connection refused", "it is there and refuses the connection: is sshd running, and is the port right?"),
    (
        r"timed out|No route to host|Network is unreachable|Host is down",
        "it does not answer: is it switched on and in this network?",
    ),
    (r"open failed|refused by peer", "its sshd allows too few sessions at once: set MaxSessions there to 10"),
)
_SHOWN_KEY = re.compile(r"^debug1: Server host key: (?P<type>\S+) (?P<digest>SHA256:\S+)", re.MULTILINE)
_LOST = "the connection was lost; run the same command again when the device is back"

SWALLOWED = (
    "it let us in, and its login shell does not run what it is sent: a start file there (.bashrc, .profile) may start "
    "another program, as 'exec fish' does; let it do that in interactive shells alone, or log in as another user"
)


def refused(output: str) -> str:
    """One line on a login shell that ended without running what it was sent, from its output."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    words = f" and answered '{lines[-1]}'" if lines else ""
    return (
        f"it let us in, and its login shell ran nothing{words}: give this user a shell there (chsh -s /bin/sh), look "
        "for a forced command, or log in as another user"
    )


def is_unknown_key(errors: str) -> bool:
    """Return whether ssh refused a board because its host key is not known here."""
    changed, unknown = (re.search(key[0], errors, re.IGNORECASE) for key in (_CHANGED_KEY, _UNKNOWN_KEY))
    return not changed and bool(unknown)


def unknown_key(shown: str, command: str) -> str:
    """One line on a host key that is not known: its fingerprint, what to compare it with, and the command to log in.

    Args:
        shown: What ``ssh -v`` wrote to stderr. The last key in it is the board's; those before it are of jump hosts.
        command: By which the user logs in there.
    """
    keys = list(_SHOWN_KEY.finditer(shown))
    if not keys:
        return f"{_UNKNOWN_KEY[1]}: {command}"
    kind, digest = keys[-1]["type"], keys[-1]["digest"]
    name = next((each for each in ("ed25519", "ecdsa", "rsa") if each in kind), "*")
    return (
        f"its host key is not in your known_hosts yet: {kind} {digest}; if 'ssh-keygen -lf "
        f"/etc/ssh/ssh_host_{name}_key.pub' prints the same there, log in once and accept it: {command}"
    )


def explain(errors: str, *, connected: bool) -> str:
    """One line on why ssh failed, from what it wrote to stderr.

    Args:
        errors: All of it.
        connected: Whether the connection had stood: then it was lost, whatever else ssh reports.
    """
    if connected:
        return _LOST
    for pattern, line in _FAULTS:
        if re.search(pattern, errors, re.IGNORECASE):
            return line
    lines = [line.strip() for line in errors.splitlines() if line.strip()]
    return f"ssh says: {lines[-1]}" if lines else "ssh ended without a word"
