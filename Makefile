# Two commands do all: `make run` trains on the embedded default and shows the result, `make test` tests.
# Both install the Debian packages they need (with apt-get, when one is missing) and build once, in release.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

PACKAGES := libopenblas-dev libsodium-dev libarchive-dev zlib1g-dev libffi-dev pkg-config gcc patchelf
BUILD    := swift build -c release --build-tests -Xswiftc -enable-testing
BIN      := .build/release
PREFIX   ?= /usr/local

.PHONY: run test build smoke packages plugins bench install uninstall clean help

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

run: build  ## build, then train the default recipe and show the result (at most 6 minutes)
	@$(BIN)/stepwise train

test: build  ## build, then run every test
	@log=$$(mktemp) && trap 'rm -f "$$log"' EXIT && \
	  swift test -c release --skip-build -Xswiftc -enable-testing 2>&1 | tee "$$log" || \
	  { printf '\n== what failed ==\n'; grep -A2 'recorded an issue\|^error: ' "$$log"; exit 1; }
	STEPWISE_EXIT_TESTS=1 swift test -c release --skip-build -Xswiftc -enable-testing \
	  --filter aLineThatDoesNotFitLeavesNoTornLine

smoke: build  ## a two-minute run of the default recipe
	@dir=$$(mktemp -d) && trap 'rm -rf "$$dir"' EXIT && \
	  $(BIN)/stepwise train --smoke output_dir="$$dir/run"

build: packages  ## build everything once and stage the plugins
	$(BUILD)
	@Plugins/stage $(BIN)

packages:
	@missing=$$(for p in $(PACKAGES); do \
	    dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || echo $$p; done); \
	if [ -n "$$missing" ]; then \
	  echo "installing" $$missing; \
	  sudo=$$([ $$(id -u) = 0 ] || echo sudo); \
	  $$sudo apt-get update -qq && $$sudo apt-get install -y -qq --no-install-recommends $$missing; \
	fi

bench: build  ## race Stepwise and its rivals (STEPWISE_RIVALS=FOLDER) by turns; results in .build/bench.json
	$(BIN)/stepwise-bench race --json .build/bench.json

install:  ## install what was built into PREFIX (default /usr/local; DESTDIR for packagers)
	@[ -x $(BIN)/stepwise ] && [ -d $(BIN)/plugins ] || $(MAKE) build
	@DESTDIR='$(DESTDIR)' Plugins/install $(BIN) '$(PREFIX)'

uninstall:  ## take it off again
	@DESTDIR='$(DESTDIR)' Plugins/install --uninstall '$(PREFIX)'

clean:  ## remove what was built
	swift package clean
