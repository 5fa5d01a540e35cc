from edgecompress.equivalence.proof import Proof


def test_proved_is_said_only_where_every_output_was_compared():
    assert Proof(compared=("y",), inputs={"x": (1, 2)}).words == "proved"
    for proof in (Proof.none("it does not run"), Proof(compared=("y",), reason="the output 'z' is empty")):
        assert "proved" not in proof.words
        assert "weights identical" in proof.words
        assert proof.reason in proof.words
