from edgecompress.store.document import checksum


def test_the_id_is_of_what_a_document_says_and_not_of_its_layout():
    assert checksum('{"a": 1, "b": [1, 2.50]}') == checksum(b'{"b":[1,2.5],\n"a":1}')
    assert len({checksum(text) for text in ('{"a": 1}', '{"a": 1.5}', '{"a": "1"}', '{"b": 1}', '{"a": [1]}')}) == 5


def test_it_is_the_sha256_of_the_sorted_text():
    import hashlib

    assert checksum('{"b": "é", "a": 1}') == hashlib.sha256('{"a":1,"b":"é"}'.encode()).hexdigest()
