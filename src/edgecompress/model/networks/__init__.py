"""The built-in networks. Each file holds one function of its name; ``model.load.network`` finds it."""
