#!/bin/sh
# Healthy if the server responds and has the search attributes of Limelight's jobs. Creates them the first time.
set -eu
address="$(hostname -i | cut -d' ' -f1):7233"
temporal operator cluster health --address "$address" | grep -q SERVING
known=$(temporal operator search-attribute list --address "$address" --namespace default)
create() {
  echo "$known" | grep -q "$1" ||
    temporal operator search-attribute create --address "$address" --namespace default --name "$1" --type "$2"
}
for name in LimelightTaskId LimelightStage LimelightProvider LimelightOutcome LimelightError LimelightKey; do
  create "$name" Keyword
done
create LimelightSubmittedAt Datetime
