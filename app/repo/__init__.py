"""PostgreSQL and the Redis cache. All SQL lives here and nowhere else."""
