"""The words are those of OpenSSH 9.2; test_ssh.py meets the common ones in real life."""

import pytest

from edgecompress.deploy.openssh.faults import explain, is_unknown_key, unknown_key


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("ssh: Could not resolve hostname nowhere: Name or service not known", "its name is not known"),
        ("ssh: connect to host 192.0.2.1 port 22: Connection timed out", "it does not answer"),
        ("ssh: connect to host 192.0.2.1 port 22: No route to host", "it does not answer"),
        ("ssh: connect to host b port 22: Connection refused", "is sshd running"),
        ("pi@b: Permission denied (publickey,password).", "ssh-copy-id"),
        ("Received disconnect from b: 2: Too many authentication failures", "ssh-agent"),
        (
            "No ED25519 host key is known for b and you have requested strict checking.\nHost key verification failed.",
            "not in your known_hosts yet",
        ),
        ("@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.", "ssh-keygen -R"),
        (
            "/home/u/.ssh/config: line 3: Bad configuration option: foo\nterminating, 1 bad option",
            "ssh says: terminating",
        ),
        ("", "without a word"),
    ],
)
def test_what_ssh_says_becomes_one_line(said, line):
    explained = explain(said, connected=False)
    assert line in explained
    assert "\n" not in explained


def test_of_several_keys_the_boards_is_shown_and_without_one_the_command_to_log_in():
    keys = ("ssh-rsa SHA256:jump", "ecdsa-sha2-nistp256 SHA256:board")
    line = unknown_key("".join(f"debug1: Server host key: {key}\r\n" for key in keys), "ssh pi@b")
    assert "ecdsa-sha2-nistp256 SHA256:board;" in line
    assert "ssh_host_ecdsa_key.pub" in line
    assert line.endswith("ssh pi@b")
    assert "jump" not in line
    assert unknown_key("debug1: Connecting", "ssh pi@b").endswith("compare the key: ssh pi@b")


def test_a_key_that_changed_is_no_unknown_one():
    assert is_unknown_key("No ED25519 host key is known for b.\nHost key verification failed.")
    assert not is_unknown_key("REMOTE HOST IDENTIFICATION HAS CHANGED!\nHost key verification failed.")
    assert not is_unknown_key("Permission denied")


def test_a_connection_that_stood_was_lost_whatever_is_said():
    assert "lost" in explain("client_loop: send disconnect: Broken pipe", connected=True)
