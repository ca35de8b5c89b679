"""The store on a relational database; all statements are SQLAlchemy Core, written once for every database."""
