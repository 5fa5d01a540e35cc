"""Energy of an inference, where the device has a sensor."""

from pydantic import Field

from edgecompress.record import Record


class PowerSensor(Record):
    """The sensor that energy is read from."""

    sensor: str | None = Field(description="null: there is none that can be used")
    rails: list[str] = Field(description="what it measures; added up")
    why: str = Field(description="why there is none")


class Energy(Record):
    """The power of the board while it ran a file over and over, and while the same process waited before and after."""

    sensor: str
    rails: list[str] = Field(description="what it measures; added up")
    idle_watts: float = Field(description="mean of both waits, with the file loaded")
    watts: float = Field(description="mean while it ran")
    idle_seconds: float
    seconds: float
    runs: int
    readings: int | None = Field(description="of power, in all; null: the sensor counts energy by itself")
    millijoules: float | None = Field(description="of one inference, with the idle power subtracted; null: see `note`")
    millijoules_with_idle: float | None = Field(description="of one inference, with nothing subtracted")
    note: str | None = Field(description="why there is no figure")
