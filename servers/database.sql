-- Runs once, when the database is first made, after the user was.
CREATE DATABASE IF NOT EXISTS mlflow;
GRANT ALL PRIVILEGES ON mlflow.* TO 'student_performance'@'%';
CREATE DATABASE IF NOT EXISTS decisions;
-- Rows of the log of decisions are only added.
GRANT SELECT, INSERT, CREATE, INDEX ON decisions.* TO 'student_performance'@'%';
