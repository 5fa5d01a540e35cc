"""A microcontroller on a serial line: its address, the lines of the protocol, the port, and the firmware behind it.

The protocol is described in docs/serial.md; the other side of it is ``export/microcontroller/serve.cc``.
"""
