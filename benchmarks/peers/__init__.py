"""The servers that are measured, Maru among them: how each is started, and what it is spoken to."""
