"""The container ``.ecz``."""

from edgecompress.agent.ecz.limits import MAGIC
from edgecompress.formats.contract import Container
from edgecompress.formats.ecz.pack import pack_container

FORMAT = Container(name="ecz", recognise=lambda start: start == MAGIC, pack=pack_container)
