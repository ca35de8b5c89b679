"""The store on a PostgreSQL server, through asyncpg."""
