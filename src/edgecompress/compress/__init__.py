"""Train, prune, retrain, cluster. Takes a PyTorch network and hands on the same network with compressed weights."""
