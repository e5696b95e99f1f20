# Lavoisier: `make tune` sets everything up and runs the main job; `make test` passes the tests.
# One release configuration serves every target below: debug numerics are many times slower, and one build is enough.

SWIFT ?= swift
PREFIX ?= /usr/local
SWIFT_FLAGS = -c release -Xswiftc -enable-testing --explicit-target-dependency-import-check error
BIN = .build/release
DEBIAN_PACKAGES = libopenblas-dev liblapacke-dev libfftw3-dev libxml2-dev libsqlite3-dev libdeflate-dev zlib1g-dev \
	liblz4-dev libzstd-dev libssl-dev pkg-config valgrind binutils
BUDGET ?= 50
WORKLOAD ?= medium
SECONDS ?= 300
SANITIZER ?= thread

.DEFAULT_GOAL := help
.PHONY: help deps build tune test gate baseline bench fuzz sanitize check format install clean

help:
	@echo "make tune     build, then tune this machine: $(BUDGET) configurations on the bundled workload '$(WORKLOAD)'"
	@echo "make test     build and run the tests"
	@echo "make gate     hold the build against baselines/ci.json: results, accuracy, instructions"
	@echo "make baseline REASON=why: accept what the build does now as baselines/ci.json"
	@echo "make build    build 'lavoisier' and 'lavoisier-tune' into $(BIN)"
	@echo "make bench    measure each stage against its peers (needs Python with pyopenms for the comparison)"
	@echo "make fuzz     SECONDS=$(SECONDS): damaged files for the readers, guided by coverage, under the address sanitizer"
	@echo "make sanitize SANITIZER=$(SANITIZER): the tests under the thread or the address sanitizer; an hour"
	@echo "make check    formatting, and the build with declared imports only"
	@echo "make deps     install the Debian packages that the build needs"
	@echo "make install  PREFIX=$(PREFIX)"
	@echo "make clean"

deps:
	@sh scripts/install_dependencies.sh $(DEBIAN_PACKAGES)

build: deps
	$(SWIFT) build $(SWIFT_FLAGS)

tune: build
	$(BIN)/lavoisier library prepare
	$(BIN)/lavoisier-tune --target throughput --budget $(BUDGET) --workload $(WORKLOAD)

test: deps
	$(SWIFT) build $(SWIFT_FLAGS) --build-tests
	$(SWIFT) test $(SWIFT_FLAGS) --skip-build

# Numbers that no other load changes, so it may run anywhere; the self-test shows that a gate can fail.
gate: build
	$(BIN)/lavoisier-tune gate --self-test --quiet
	$(BIN)/lavoisier-tune gate --baseline baselines/ci.json --deterministic --quiet --junit .build/gate/junit.xml \
		--json-output .build/gate/gate.json --markdown .build/gate/gate.md --html .build/gate/gate.html

baseline: build
	$(BIN)/lavoisier-tune baseline update ci --reason "$(REASON)"

bench: build
	sh scripts/bench.sh $(BIN)

fuzz: deps
	sh scripts/fuzz.sh $(SECONDS)

sanitize: deps
	sh scripts/sanitize.sh $(SANITIZER)

check: deps
	$(SWIFT) format lint --strict --recursive --configuration .swift-format Package.swift Sources Tests Fuzzing
	$(SWIFT) build $(SWIFT_FLAGS) --build-tests
	sh scripts/check_house.sh

format:
	$(SWIFT) format --in-place --recursive --configuration .swift-format Package.swift Sources Tests Fuzzing

install: build
	install -d "$(DESTDIR)$(PREFIX)/bin" "$(DESTDIR)$(PREFIX)/share/lavoisier"
	install $(BIN)/lavoisier $(BIN)/lavoisier-tune "$(DESTDIR)$(PREFIX)/bin"
	cp -R workloads "$(DESTDIR)$(PREFIX)/share/lavoisier/"

clean:
	rm -rf .build
