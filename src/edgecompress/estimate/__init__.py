"""The file of a build that leads on its board: found without the board, from counted instructions or by a rule."""
