-- The two roles and the database of the service, for psql as a superuser. The image of PostgreSQL runs it once, on an
-- empty data folder. It can be run again: it then gives the roles the passwords that the files hold now.
--   mc101_owner  owns the schema: migrations, backups; makes the scratch databases in which backups are proven
--   mc101_app    rows only; the owner is a member of it, so that a restore may end its connections
\set ON_ERROR_STOP on
\set owner_password `cat /run/secrets/mc101_owner_password`
\set app_password `cat /run/secrets/mc101_app_password`

-- A password in a statement must not reach the server's log, also when the statement fails.
SET log_statement = 'none';
SET log_min_error_statement = 'panic';
SET log_min_duration_statement = -1;

SELECT 'CREATE ROLE mc101_owner' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'mc101_owner') \gexec
SELECT 'CREATE ROLE mc101_app' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'mc101_app') \gexec
ALTER ROLE mc101_owner LOGIN CREATEDB PASSWORD :'owner_password';
ALTER ROLE mc101_app LOGIN PASSWORD :'app_password';
GRANT mc101_app TO mc101_owner;

SELECT 'CREATE DATABASE mc101 OWNER mc101_owner' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'mc101') \gexec
