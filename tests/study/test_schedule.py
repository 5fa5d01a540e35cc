from edgecompress.study.schedule import CellSchedule


def test_cells_that_share_a_stage_which_is_computed_wait_and_others_pass_them(make_cell):
    first, same_baseline, other = make_cell(), make_cell(sparsity=0.5), make_cell(data="cifar-10")
    schedule = CellSchedule([first, same_baseline, other])
    assert schedule.take() == first
    assert schedule.take() == other
    assert schedule.take() is None
    schedule.ended(other, done=True)
    assert schedule.take() is None
    schedule.ended(first, done=True)
    assert schedule.take() == same_baseline
    assert not schedule.waiting
    assert list(schedule.running) == [same_baseline]


def test_a_stage_that_is_done_keeps_nobody_waiting(make_cell):
    cells = [make_cell(), *(make_cell(sparsity=0.5, bits=bits) for bits in (4, 3)), make_cell(bits=2)]
    schedule = CellSchedule(cells)
    schedule.ended(schedule.take(), done=True)
    assert schedule.take() == cells[1]  # its baseline is done
    assert schedule.take() == cells[3]  # so is what it prunes; the second would prune what the first of these does
    assert schedule.take() is None


def test_the_stages_of_a_cell_that_failed_are_not_done(make_cell):
    cells = [make_cell(), make_cell(bits=3), make_cell(bits=2)]
    schedule = CellSchedule(cells)
    schedule.ended(schedule.take(), done=False)
    assert schedule.take() == cells[1]
    assert schedule.take() is None


def test_a_cell_whose_worker_was_lost_is_the_next_one(make_cell):
    cells = [make_cell(), make_cell(model="vgg16bn"), make_cell(model="vgg19bn")]
    schedule = CellSchedule(cells)
    schedule.take()
    schedule.take()
    schedule.again(cells[1])
    assert schedule.take() == cells[1]


def test_seeds_and_widths_share_nothing(make_cell):
    schedule = CellSchedule([make_cell(), make_cell(seed=2), make_cell(width=0.5)])
    assert [schedule.take() is not None for _ in range(4)] == [True, True, True, False]
