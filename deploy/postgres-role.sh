#!/usr/bin/env bash
# Run once, when PostgreSQL's volume is new: the service's own role, which owns its database and nothing else.
# PostGIS is in the database already, so the migration needs no superuser.
set -euo pipefail

export NEARSIDE_PASSWORD
NEARSIDE_PASSWORD=$(<"${NEARSIDE_PASSWORD_FILE:-/run/secrets/nearside_password}")
psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --username="${POSTGRES_USER:-postgres}" --dbname="$POSTGRES_DB" <<'SQL'
\getenv password NEARSIDE_PASSWORD
\getenv database POSTGRES_DB
CREATE EXTENSION IF NOT EXISTS postgis;
CREATE ROLE nearside LOGIN PASSWORD :'password';
ALTER DATABASE :"database" OWNER TO nearside;
REVOKE CONNECT, TEMPORARY ON DATABASE :"database" FROM PUBLIC;
SQL
