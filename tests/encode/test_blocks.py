from edgecompress.encode.blocks import ELEMENTS, blocks


def test_all_elements_are_in_one_block_each():
    count = 2 * ELEMENTS + 7
    found = [range(count)[place] for place in blocks(count, first=3)]
    assert [index for each in found for index in (each.start, each.stop)] == [
        3, ELEMENTS + 3, ELEMENTS + 3, 2 * ELEMENTS + 3, 2 * ELEMENTS + 3, count,
    ]  # fmt: skip
    assert not list(blocks(0))
