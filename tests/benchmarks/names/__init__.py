"""What a process of the fleet takes for the names of hosts, in place of the machine's own."""
