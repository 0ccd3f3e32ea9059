"""The whole fleet on one machine, from the packages in this repository: for the demo, for trying things, for tests."""
