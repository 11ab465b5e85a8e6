"""Files from outside: good rows kept, every other one listed with its line and the reason; nothing silently merged."""
