"""Tables of users and of ours: described as data, read with every fault collected."""
