"""The reader of an agent's answers: a board is not trusted, and what is not in order goes no further.

One JSON object a line. Numbers are finite, times and counts neither negative nor absurd, files those that were asked
for, and text has nothing in it that a terminal would obey.
"""

from edgecompress.answers.reading import LONGEST_LINE, Event, WrongAnswerError, answer, message, parse, progress

__all__ = ["LONGEST_LINE", "Event", "WrongAnswerError", "answer", "message", "parse", "progress"]
