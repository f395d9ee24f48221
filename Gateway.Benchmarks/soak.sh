#!/usr/bin/env bash
# Runs a gateway for a while over three providers of which one dies and comes back, one is slow and one limits its rate, and fails when
# a client gets an error or the shares do not return to what they were:
#   Gateway.Benchmarks/soak.sh [PATH OF gateway OR gateway.dll] [SECONDS]
# Without a path the gateway of this clone is built and taken. Needs nothing but the .NET SDK; everything runs on loopback.
set -euo pipefail
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
program=${1:+$(realpath "$1")} seconds=${2:-60}
cd "$(dirname "$0")/.."
if [ -z "$program" ]; then
  dotnet build Gateway -c Release -v q
  program=$PWD/Gateway/bin/Release/net10.0/gateway.dll
fi
exec dotnet run -c Release --project Gateway.Benchmarks/Soak -- "$program" "$seconds"
