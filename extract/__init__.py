"""Pages in, articles out. Pure: no network, no disk, no clock, no environment, no global state."""
