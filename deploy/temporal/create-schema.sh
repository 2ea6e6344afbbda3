#!/bin/sh
# Creates Temporal's databases in PostgreSQL, or updates them to the schema of this release.
set -eu
SQL_PASSWORD="$(cat /run/secrets/postgres_password)"
export SQL_PASSWORD
tool() {
  temporal-sql-tool --plugin postgres12 --ep postgres --port 5432 --user temporal "$@"
}
for kind in temporal visibility; do
  name=$([ "$kind" = temporal ] && echo temporal || echo temporal_visibility)
  # Both leave an existing database as it is.
  tool --db "$name" create
  tool --db "$name" setup-schema -v 0.0
  tool --db "$name" update-schema -d "/etc/temporal/schema/postgresql/v12/$kind/versioned"
done
