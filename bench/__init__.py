"""Measurements, side by side with the peers that are installed. Each set is a module with a `main`; nothing here is asserted."""
