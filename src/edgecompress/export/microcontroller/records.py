"""The entries of a manifest for a file that runs on a microcontroller."""

from pydantic import Field

from edgecompress.record import Record
from edgecompress.target import Npu


class VelaEstimate(Record):
    """The estimate of Vela, Arm's compiler for Ethos-U, for a file that it compiled. None of it was measured."""

    version: str
    npu: Npu
    system: str = Field(description="Vela's system configuration: clocks and memories that its cycles are for")
    memory_mode: str = Field(description="Vela's: where weights and activations are")
    encoded_weight_bytes: int = Field(description="of all weights, as the accelerator decodes them")
    dense_encoded_weight_bytes: int | None = Field(
        default=None, description="the same of the dense network in int8; null: Vela does not compile that"
    )
    file_bytes: int = Field(description="of the compiled file, which goes into flash")
    sram_bytes: int = Field(description="of activations at most")
    flash_bytes: int = Field(description="of weights and commands")
    cycles: int = Field(description="of one inference")
    inference_seconds: float = Field(description="of one inference, by these cycles and the system's clock")
    on_cpu: list[str] = Field(description="operators that stay on the processor, in their order")


class MicrocontrollerProof(Record):
    """The file in TensorFlow Lite Micro's interpreter on the machine that built it, beside LiteRT's reference kernels.

    A step is that of the output's int8.
    """

    arena_bytes: int = Field(
        description="smallest tensor arena that it was loaded and run in here, with the pointers of this machine: "
        "twice as long as on a processor of 32 bits"
    )
    persistent_bytes: int = Field(description="of it: data of operators and tensors; the rest holds activations")
    operators: list[str] = Field(description="those that a resolver needs, by the schema's names")
    compared: int = Field(description="samples whose outputs were compared with LiteRT's")
    largest_steps: float = Field(description="largest difference to LiteRT, in steps")
    differing: float = Field(description="fraction of outputs that differ from LiteRT's")
    beyond_a_step: float = Field(description="fraction of outputs that differ by more than a step")
    decodes: bool = Field(
        default=False,
        description="whether it decodes weights while it runs; its outputs are bit by bit those of the plain file then",
    )
    vela: VelaEstimate | None = Field(default=None, description="null: the board has no Ethos-U")

    @property
    def ram_bytes(self) -> int:
        """The tensor arena that the board needs: with an Ethos-U, Vela's SRAM and the data of operators and tensors.

        Those data are not in Vela's estimate. The interpreter needed them for more operators than are left.
        """
        return self.arena_bytes if self.vela is None else self.vela.sram_bytes + self.persistent_bytes
