"""Traffic: demand, capacity and queues; storm hours become kilometres of jam."""
