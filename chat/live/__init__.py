"""What Maru does over Socket.IO: events, the fan-out to rooms, the heartbeat of a worker."""
