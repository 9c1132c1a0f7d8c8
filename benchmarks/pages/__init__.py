"""bin/bench --pages: how soon a room can be read, measured in a browser."""
