-- Runs once, when the database is first made, after the user was.
CREATE DATABASE IF NOT EXISTS mlflow;
GRANT ALL PRIVILEGES ON mlflow.* TO 'student_performance'@'%';
CREATE DATABASE IF NOT EXISTS decisions;
GRANT ALL PRIVILEGES ON decisions.* TO 'student_performance'@'%';
