"""The agent: what runs on the board. It loads a model file in a stock runtime, and says what it saw as JSON lines.

It is started as ``python -m edgecompress.agent STEP JOB.json`` or, zipped, as ``python agent.pyz STEP JOB.json``. It
imports nothing else of this package and needs Python 3.9, numpy, psutil and one runtime. docs/benchmarking.md lists
the steps, their jobs and their events.
"""
