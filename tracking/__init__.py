"""Where is everyone? Terminals, fixes, live positions, history, arrival."""
