"""The client library and the command line against a real broker and a real ledger."""
