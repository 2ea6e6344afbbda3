#!/bin/sh
# Creates the namespace TEMPORAL_NAMESPACE at TEMPORAL_ADDRESS and the search attributes of Limelight's jobs, if they are missing.
set -eu
namespace="${TEMPORAL_NAMESPACE:-default}"
temporal operator cluster health | grep -q SERVING
temporal operator namespace describe --namespace "$namespace" > /dev/null 2>&1 ||
  temporal operator namespace create --namespace "$namespace" --retention 168h
# The server reads its namespaces from time to time only.
until known=$(temporal operator search-attribute list --namespace "$namespace" 2> /dev/null); do sleep 1; done
create() {
  echo "$known" | grep -q "$1" ||
    temporal operator search-attribute create --namespace "$namespace" --name "$1" --type "$2"
}
for name in LimelightTaskId LimelightStage LimelightProvider LimelightOutcome LimelightError LimelightKey; do
  create "$name" Keyword
done
create LimelightSubmittedAt Datetime
