"""The deployed parts as processes of one machine, on loopback: to try them, and to test their faults."""
