-- Alerts have the title that the thread has when they are sent: a title that moderators removed must not be sent again.
DROP TABLE subject;
