"""Who goes? Cases, offers, trips, check sheets, proximity, deadlines."""
