"""What runs a set of measurements: cases, workers, rounds, reports. It knows no peer and no workload by name."""
