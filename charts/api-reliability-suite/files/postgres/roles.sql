\set ON_ERROR_STOP on
\set owner_password `cat /run/suite/postgres/owner-password`
\set run_password `cat /run/suite/postgres/run-password`
CREATE ROLE suite_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE suite_run LOGIN PASSWORD :'run_password';
CREATE DATABASE suite OWNER suite_owner;
REVOKE ALL ON DATABASE suite FROM PUBLIC;
GRANT CONNECT ON DATABASE suite TO suite_run;
\connect suite
ALTER SCHEMA public OWNER TO suite_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
