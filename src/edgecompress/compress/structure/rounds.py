"""Rounds: score the channels, remove the least, measure, retrain; until the target is reached.

Each round's cut and each round's end is kept, with what was measured. An interrupted run goes on from there and
measures nothing twice, so it ends with the same bits as an uninterrupted one.
"""

from torch import nn

from edgecompress.compress.checkpoints import Checkpoint, key
from edgecompress.compress.details import StructureDetails
from edgecompress.compress.record import StageResult
from edgecompress.compress.structure.contract import Work
from edgecompress.compress.structure.cutting import cut, dense
from edgecompress.compress.structure.shapes import load_state


def run(module: nn.Module, work: Work, checkpoint: Checkpoint) -> StructureDetails:
    """Remove channels of the dense ``module`` round by round and retrain it, in place. Returns what was measured.

    Args:
        module: the dense network.
        work: what the stage gives.
        checkpoint: the stage's. The last round trains in it, and leaves it to the stage to finish it.

    Raises:
        InputError: the target cannot be reached; the line says what can.
        CheckError: training diverged.
    """
    settings = work.settings
    begin = dense(module, work.sample, work.recipe)
    details: StructureDetails | None = None
    for number in range(1, settings.rounds + 1):
        name, last = f"structure {number}/{settings.rounds}", number == settings.rounds
        of_cut, of_round = _kept(checkpoint, number)
        finished = None if last else of_round.finished()
        if finished is not None:
            load_state(module, finished[0])
            details = _details(finished[1])
            continue
        training = checkpoint if last else of_round
        begun = of_cut.finished()
        if begun is None:
            training.forget()  # epochs of a cut that was lost
            details = cut(module, work, begin, number, details)
            of_cut.finish(module, _result(name, work, details))
        else:
            load_state(module, begun[0])
            details = _details(begun[1])
        work.retrain(name, training)
        if not last:
            result = _result(name, work, details)
            *earlier, ended = details.measured
            ended = ended.model_copy(update={"accuracy": result.accuracy})
            details = details.model_copy(update={"measured": (*earlier, ended)})
            of_round.finish(module, result.model_copy(update={"details": details}))
    assert details is not None, "a recipe has at least one round"
    return details


def forget(checkpoint: Checkpoint, rounds: int) -> None:
    """Delete what the rounds of a stage have kept, once the stage is done."""
    for number in range(1, rounds + 1):
        for each in _kept(checkpoint, number):
            each.forget()


def _kept(stage: Checkpoint, number: int) -> tuple[Checkpoint, Checkpoint]:
    """The checkpoints of a round: of its cut, and of its end."""
    cut_key, end_key = (key(stage.key, name, {"round": number}) for name in ("cut", "round"))
    return Checkpoint(stage.folder, cut_key), Checkpoint(stage.folder, end_key)


def _details(result: StageResult) -> StructureDetails:
    assert isinstance(result.details, StructureDetails), "the stage's name is that of its rounds"
    return result.details


def _result(name: str, work: Work, details: StructureDetails) -> StageResult:
    return StageResult(
        stage=name,
        epochs=0,
        seconds=0.0,
        validation_accuracy=work.judge(),
        sparsity=0.0,
        distinct_max=0,
        details=details,
    )
