"""Which file of a build leads on its board: told without the board, from counted instructions or by a rule."""
