"""Durable execution and the tables. The only room that knows SQL and DBOS."""
