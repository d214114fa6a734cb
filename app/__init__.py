"""OrbitVPN: the shop. Nothing here imports the sandbox."""
