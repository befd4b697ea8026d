# Two commands do everything on a fresh Debian 12: `make run` and `make test`.
# SOURCE: what `make run` watches; a capture file, an interface, or nothing for generated traffic.
SOURCE ?=
JOBS ?= $(shell nproc)
RATADNS := build/release/bin/ratadns
TRAFFIC := build/release/bin/ratadns-traffic

.PHONY: run build test soak deb geo bench fuzz clean

run: build
ifeq ($(SOURCE),)
	$(TRAFFIC) --realtime --attack-cycle 120:40:.6 --out - | $(RATADNS) run --server demo -
else
	$(RATADNS) run $(SOURCE)
endif

build:
	scripts/install-dependencies
	cmake --preset release --log-level=WARNING
	cmake --build --preset release --target ratadns ratadns-traffic -j $(JOBS)

test:
	scripts/install-dependencies --tests
	cmake --preset release --log-level=WARNING
	cmake --build --preset release -j $(JOBS)
	scripts/test

# The fault test at length, from seed RATADNS_FAULT_SEED on, and an aggregator that is away for five minutes.
soak: export RATADNS_FAULT_ROUNDS ?= 200
soak: export RATADNS_FAULT_SEED ?= 1
soak: export RATADNS_AWAY_S ?= 300
soak: build
	cmake --build --preset release --target ratadns-send -j $(JOBS)
	python3 tests/program/faults_test.py Faults
	python3 tests/integration/fleet_test.py

# A package for Debian, in build/.
deb: build
	scripts/install-dependencies --package
	scripts/make-deb

# A country database in the public domain, in build/geo/: docs/configuration.md, [geography].
geo: build
	scripts/fetch-geo

# Benchmarks; results are kept in bench/results/.
bench: build
	bench/run

# The fuzz targets, ten minutes each (SECONDS_EACH=600).
fuzz:
	scripts/fuzz

clean:
	rm -rf build web/node_modules tests/e2e/node_modules
