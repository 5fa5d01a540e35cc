"""The workflows of commands, from end to end: a build, a search and its front, a study and its cells."""
