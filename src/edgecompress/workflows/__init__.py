"""What a command runs from end to end: a build, a search and its front, a study and its cells."""
