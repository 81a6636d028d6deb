#!/usr/bin/env bash
# Writes the golden files beside it with the stock minisign (0.11): keys, a message, signatures. The keys are for tests alone.
set -euo pipefail
cd "$(dirname "$0")"
rm -f ./*.key ./*.pub ./*.minisig
minisign -G -W -f -p plain.pub -s plain.key -c "a key for tests" > /dev/null
printf 'correct horse\ncorrect horse\n' | minisign -G -f -p encrypted.pub -s encrypted.key > /dev/null
printf 'What is signed: bytes.\0\1\2\377\n' > message
minisign -S -s plain.key -m message -x message.minisig -c "an untrusted comment" -t "a trusted comment" > /dev/null
cp message legacy && minisign -S -l -s plain.key -m legacy -x legacy.minisig > /dev/null && rm legacy
printf 'correct horse\n' | minisign -S -s encrypted.key -m message -x encrypted.minisig > /dev/null
