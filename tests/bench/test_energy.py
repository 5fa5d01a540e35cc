import pytest

from edgecompress import bundle
from edgecompress.bench.conditions import conditions
from edgecompress.bench.energy import PowerSensor
from edgecompress.bench.measure import Measurement
from edgecompress.bench.protocol import MODES, protocol
from edgecompress.deploy.on_device import AgentOnDevice
from edgecompress.deploy.transports.local import local


class OnABoardWithASensor(AgentOnDevice):
    """The agent, for which another folder is the system's root."""

    root = ""

    def step(self, step, job, **more):
        return super().step(step, {**job, "root": self.root} if step in ("energy", "conditions") else job, **more)


@pytest.fixture
def board(tmp_path):
    chip = tmp_path / "sys/class/hwmon/hwmon4"
    chip.mkdir(parents=True)
    for name, text in {"name": "ina3221", "in1_label": "VDD_IN", "in1_input": "5000", "curr1_input": "800"}.items():
        (chip / name).write_text(f"{text}\n")
    return str(tmp_path)


def test_a_board_with_a_sensor_is_asked_for_the_energy_of_each_file(small_bundle, board):
    manifest = bundle.load(small_bundle)
    models = {name: manifest.models[name] for name in ("model.onnx", "model.tflite")}
    short = protocol("quick").model_copy(update={"energy_seconds": 2})
    with local() as connection:
        agent = OnABoardWithASensor(connection)
        agent.root = board
        chosen = manifest.model_copy(update={"models": models})
        measurement = Measurement(agent, small_bundle, chosen.models, short, lambda *told: None)
        assert conditions(agent).power == PowerSensor(sensor="ina3221", rails=["VDD_IN"], why="")
        measurement.all(1, energy=True)
    for file in measurement.results().values():
        assert file.failures == []
        assert (file.energy.sensor, file.energy.rails) == ("ina3221", ["VDD_IN"])
        # This sensor always says 4 W, so nothing is left when the idle power is subtracted.
        assert file.energy.millijoules == pytest.approx(0, abs=1e-9)
        assert file.energy.millijoules_with_idle == pytest.approx(4000 * file.energy.seconds / file.energy.runs)


def test_without_a_sensor_there_is_no_figure_and_the_record_says_why(measured):
    record = measured[0]
    assert record.before.power is not None
    assert record.protocol.energy_seconds == 0
    assert all(file.energy is None for file in record.files.values())
    assert record.before.power.sensor or record.before.power.why


def test_the_modes_that_last_read_it():
    assert {name: mode.energy_seconds for name, mode in MODES.items()} == {"quick": 0, "standard": 10, "sustained": 30}
