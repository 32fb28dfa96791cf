-- "Has the member answered since?" is asked for each alert that is planned. Without the author in the index, each answer read all
-- later posts of the thread.
CREATE INDEX sighting_author ON sighting (thread_id, author_id, seq);
