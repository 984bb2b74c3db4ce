#!/bin/sh
# Runs once, on an empty server: for each service a role and a database that only this role may open.
set -eu
for service in directory plans approvals notify; do
  psql --no-psqlrc --quiet -v ON_ERROR_STOP=1 -v service="$service" -v password="$DATABASE_PASSWORD" \
    --username "${POSTGRES_USER:-postgres}" --dbname postgres <<'SQL'
CREATE ROLE :"service" LOGIN PASSWORD :'password';
CREATE DATABASE :"service" OWNER :"service" ENCODING 'UTF8' TEMPLATE template0;
REVOKE ALL ON DATABASE :"service" FROM PUBLIC;
SQL
done
