"""The fault campaign: load, screens, faults and the proof afterwards, on processes that share private servers."""
