"""The gateway's pages in the console."""
