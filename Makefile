# Needs Go, git and make. Everything else is built into .tools/bin on first use.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# The collector's versions, each as that of its components and of its stable modules:
# the distribution's; the oldest with which the receiver's tests pass, which go.mod
# requires; and the newest that they are run with. `make pin` writes them where they stand.
COLLECTOR        := v0.161.0 v1.67.0
COLLECTOR_OLDEST := v0.154.0 v1.60.0
COLLECTOR_NEWEST := v0.165.0 v1.71.0

# These two are built apart from internal/tools/go.mod: their dependencies and
# those of the other tools do not resolve together.
GOLANGCI_LINT := v2.15.0
VERSITYGW     := v1.8.0
NFPM_VERSION  := v2.45.0
SYFT_VERSION  := v1.52.0

VERSION   ?= $(shell git describe --tags --dirty --match 'v[0-9]*' 2>/dev/null || echo v0.0.0-dev)
FUZZTIME  ?= 60s
COUNT     ?= 6
PLATFORMS ?= linux/amd64 linux/arm64 darwin/arm64 windows/amd64

BIN  := $(CURDIR)/.tools/bin
BUILDER := $(BIN)/.builder.stamp
TOOLS := $(BIN)/.tools.stamp
LINT  := $(BIN)/.golangci-lint-$(GOLANGCI_LINT).stamp
S3    := $(BIN)/.versitygw-$(VERSITYGW).stamp
NFPM  := $(BIN)/.nfpm-$(NFPM_VERSION).stamp
SYFT  := $(BIN)/.syft-$(SYFT_VERSION).stamp
export PATH := $(BIN):$(PATH)

# Servers that tests need and `make test` does not. Their versions are in
# internal/tools. fauxqs is left out where there is no Node.
NODE         := $(shell command -v npm >/dev/null && command -v node)
PROMETHEUS   := $(BIN)/.prometheus.stamp
VICTORIALOGS := $(BIN)/.victorialogs.stamp
VICTORIAMETRICS := $(BIN)/.victoriametrics.stamp
SEAWEEDFS    := $(BIN)/.seaweedfs.stamp
FAUXQS       := .tools/fauxqs/.stamp
GRAFANA      := .tools/grafana/.stamp
WEB          := exporter/s3accessreportexporter/web
WEB_PACKAGES := $(WEB)/node_modules/.stamp

# DuckDB is in C++: the tests with it are built where there is a compiler.
DUCKDB := $(if $(shell command -v g++ clang++),-tags duckdb)

# The race detector needs a C compiler.
RACE := $(if $(shell command -v gcc cc clang),-race)

# Components in modules of their own. FOLDER-newest.mod is one's go.mod with the newest collector.
APART   := extension/shutdownwhendoneextension converter/deliveryguard exporter/s3accessreportexporter
# The receiver and what it needs; these; what writes files of the repository; the tests of
# the built collector; those of deploy. The last three read files that are not their
# module's, which Go's cache of test results does not watch.
MODULES := . $(APART) internal/gen internal/test/system deploy/check
SYSTEM  := internal/test/system
COMPAT  := internal/test/compat
NEWEST  := $(COMPAT)/newest.mod

# Those of the first module, the one that takes longest first.
PACKAGES := ./receiver/... ./...

GO_FLAGS   := -trimpath -buildvcs=false -ldflags='-s -w'
GO_BUILD   := CGO_ENABLED=0 go build $(GO_FLAGS)
GOTESTSUM  := gotestsum --format pkgname
# Tests that run beside others wait most of their time, and so do some packages.
BESIDE     := -p 4 -parallel 8
SHORT      := gotestsum --format dots --hide-summary skipped -- -short $(BESIDE)
GO_INSTALL := CGO_ENABLED=0 GOBIN=$(BIN) go install $(GO_FLAGS)

.PHONY: help
help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

.PHONY: build
build: distribution ## Build bin/otelcol-s3audit (VERSION=v1.2.3 to name it)
	cd _build && $(GO_BUILD) -o ../bin/otelcol-s3audit .

.PHONY: killpoints
killpoints: distribution # the collector that tests kill at steps of its work
	cd _build && $(GO_BUILD) -tags killpoints -o ../bin/otelcol-s3audit-killpoints .

.PHONY: distribution
distribution: $(BUILDER)
	env dist.version=$(VERSION:v%=%) builder --skip-compilation --skip-strict-versioning=false --config builder-config.yaml

.PHONY: run
run: build ## Read the sample logs in testdata/sample, write a report and print what stands out
	examples/run.sh

.PHONY: validate
validate: build ## Let the built collector check every configuration of this repository
	@for config in examples/*.yaml testdata/config*.yaml; do \
	  echo "$$config"; \
	  env LOGS=testdata/sample LOG_BUCKET=logs OTLP_ENDPOINT=localhost:4317 \
	      QUEUE_URL=https://sqs.us-east-1.amazonaws.com/111122223333/q STORAGE=_run/storage SAMPLES=testdata/sample OUT=_run \
      OTLP_HTTP_ENDPOINT=https://localhost:4318 SECOND_ENDPOINT=https://localhost:4319 OTLP_TOKEN=token NAME=a LOKI_URL=http://localhost:3100 VICTORIALOGS_URL=http://localhost:9428 VICTORIAMETRICS_URL=http://localhost:8428 \
      PROMETHEUS_URL=http://localhost:9090 REMOTE_WRITE_URL=http://localhost:9090/api/v1/write \
	    bin/otelcol-s3audit validate --config $$config; \
	done

.PHONY: test
test: $(TOOLS) $(S3) $(NFPM) build killpoints ## Run all tests, with the race detector where there is a C compiler
	(cd deploy/check && go test -count=1 ./... && cd $(CURDIR)/internal/gen && go test -count=1 ./... && \
	  for module in $(APART); do cd $(CURDIR)/$$module && go test ./... && go test $(RACE) -short ./... || exit; done) & small=$$!; \
	$(GOTESTSUM) --hide-summary skipped -- $(RACE) $(BESIDE) -timeout 60m $(PACKAGES) && wait $$small
	cd $(SYSTEM) && $(GOTESTSUM) --hide-summary skipped -- $(RACE) $(BESIDE) -count=1 -timeout 60m $$(go list ./... | grep -v /e2e)
	cd $(SYSTEM) && $(GOTESTSUM) --hide-summary skipped -- -count=1 -timeout 60m ./e2e # the built collector, beside nothing else

.PHONY: test-memory
test-memory: $(S3) build ## Measure the collector's peak memory over big objects and hostile feeds (8 minutes, 11 GB of disk)
	cd $(SYSTEM) && E2E_MEMORY=1 go test -v -count=1 -timeout 20m -run TestMemory ./e2e

.PHONY: test-servers
test-servers: $(TOOLS) $(S3) $(PROMETHEUS) $(VICTORIALOGS) $(VICTORIAMETRICS) $(if $(NODE),$(FAUXQS) $(GRAFANA) $(WEB_PACKAGES)) build ## Run the tests against Prometheus, VictoriaLogs, VictoriaMetrics, DuckDB, fauxqs, the types and grammar of Grafana, and Chromium (built once, 10 minutes; the last three need Node 20)
	@[ -n "$(NODE)" ] || echo "test-servers: there is no node or no npm, so the tests against fauxqs, the types and grammar of Grafana, and Chromium are left out"
	@[ -n "$(DUCKDB)" ] || echo "test-servers: there is no C++ compiler, so the test against DuckDB is left out"
	for module in internal/gen $(SYSTEM); do \
	  (cd $$module && TEST_SERVERS=1 $(GOTESTSUM) --format-hide-empty-pkg -- $(RACE) $(DUCKDB) -count=1 -timeout 20m -run ^TestServers $(if $(NODE),,-skip Fauxqs )./...); \
	done

.PHONY: test-seaweedfs
test-seaweedfs: $(TOOLS) $(SEAWEEDFS) build ## Run the tests of buckets against SeaweedFS, and print the figures (built once, 4 minutes, 160 MB)
	env S3TEST_SERVER=seaweedfs $(GOTESTSUM) -- $(RACE) -count=1 -timeout 20m ./internal/s3io
	env S3TEST_SERVER=seaweedfs $(GOTESTSUM) -- $(RACE) -count=1 -timeout 20m -run RealServer ./internal/source/listing
	cd $(SYSTEM) && env S3TEST_SERVER=seaweedfs go test -count=1 -timeout 30m -v -run 'MadeBucket|DeniedObjectsHide|TheUpgradeReads|KilledAtRandomMoments/(bucket|queue)' ./e2e | grep -E '^ *(---|[a-z_]+_test.go|ok|FAIL|panic)'

.PHONY: test-kill
test-kill: $(S3) build killpoints ## Kill and stop the built collector at work, many times, and print the figures
	cd $(SYSTEM) && env E2E_KILL=1 go test -count=1 -timeout 20m -v -run 'Killed|Stopped|Faults|OnOneQueue' ./e2e | grep -E '^ *(---|[a-z]+_test.go|ok|FAIL|panic)'

.PHONY: test-done
test-done: build ## Let the built collector end by itself, 100 times in each of the cases that there are
	cd $(SYSTEM) && env E2E_DONE=100 go test -count=1 -timeout 120m -v -run 'EndsByItself' ./e2e | grep -E '^ *(---|[a-z_]+_test.go|ok|FAIL|panic)'

.PHONY: test-wrong
test-wrong: $(S3) build ## Give the built collector every wrong answer to every request, and at random while it is killed
	cd $(SYSTEM) && env E2E_WRONG=1 go test -count=1 -timeout 60m -v -run 'WrongAnswers' ./e2e | grep -E '^ *(---|[a-z_]+_test.go|ok|FAIL|panic)|Messages:'

.PHONY: test-states
test-states: $(S3) build ## Stop, damage and starve the built collector in every state, and print the times
	cd $(SYSTEM) && go test -count=1 -timeout 20m -v -run 'TerminatedWhile|FIFOs|StorageFolder|DamagedStorage|BadObjects|Hostile|Reloads|WereAway' ./e2e | grep -E '^ *(---|[a-z_]+_test.go|ok|FAIL|panic)'

.PHONY: test-reader
test-reader: ## Compare the parser with the slow reader on 2,400,000 lines (SEED=1)
	env SLOWREADER=1 SLOWREADER_SEED=$(or $(SEED),1) go test -count=1 -timeout 60m -v -run TestSlowReaderAgrees ./internal/accesslog

.PHONY: check
check: $(TOOLS) $(LINT) ## Check format, go.mod and lint, and run the short tests
	@unformatted=$$(gofumpt -l converter deploy exporter extension internal receiver); [ -z "$$unformatted" ] || { echo "not formatted, run make format:"; echo "$$unformatted"; exit 1; }
	cd internal/tools && go mod tidy -diff
	for module in $(MODULES); do \
	  (cd $$module && go mod tidy -diff && go vet ./... && golangci-lint run --allow-parallel-runners -c $(CURDIR)/.golangci.yml ./...); \
	done
	cd internal/gen && gotestsum --format dots --hide-summary skipped -- -short -count=1 ./...
	cd $(SYSTEM) && gotestsum --format dots --hide-summary skipped -- -short -count=1 ./...
	for module in $(APART); do (cd $$module && $(SHORT) ./...); done
	$(SHORT) $(PACKAGES)

.PHONY: compat
compat: $(TOOLS) ## Run the short tests with the oldest and the newest collector
	go mod tidy -diff -modfile=$(NEWEST)
	$(SHORT) $(PACKAGES)
	$(SHORT) -modfile=$(NEWEST) $$(go list $(PACKAGES) | grep -v /archtest)
	for module in $(APART); do \
	  newest=-modfile=$(CURDIR)/$(COMPAT)/$${module%/*}-newest.mod; \
	  (cd $$module && go mod tidy -diff $$newest && $(SHORT) ./... && $(SHORT) $$newest ./...); \
	done

.PHONY: format
format: $(TOOLS) ## Format all Go files
	gofumpt -w converter deploy exporter extension internal receiver

.PHONY: generate
generate: $(TOOLS) ## Run mdatagen; write the sample logs, databases, dashboards, cookbook and schema anew
	go generate ./...
	for module in $(APART); do (cd $$module && go generate ./...); done
	cd internal/gen && go generate ./...

# Up to Go 1.26 a FUZZTIME that is a time can end with "context deadline exceeded" where
# nothing was found: go.dev/issue/75804. One that is a number of runs, 1000x, cannot.
.PHONY: web
web: $(WEB_PACKAGES) ## Make the report's page anew from its locked sources (Node 20)
	cd $(WEB) && npm run check && npm run build

.PHONY: pictures
pictures: run $(WEB_PACKAGES) ## Make the pictures of the report in docs/pictures anew (Node 20, Chromium)
	cd $(WEB) && node test/shots.mjs $(CURDIR)/_run/report.html $(CURDIR)/docs/pictures \
	  'overview p=overview&r=7d&z=utc 1440 light fold' 'overview-dark p=overview&r=7d&z=utc 1440 dark fold' \
	  'overview-400 p=overview&r=7d&z=utc 400 light fold' 'threats p=threats&r=7d&z=utc 1440 dark fold' \
	  'security p=security&r=7d&z=utc 1440 light fold' 'latency p=latency&r=7d&z=utc 1440 light fold'

.PHONY: sessions
sessions: $(S3) build ## Write docs/sessions.md anew: what the built collector logs over a backfill and an outage (3 minutes)
	cd $(SYSTEM) && env E2E_SESSIONS=$(CURDIR)/docs/sessions.md go test -count=1 -timeout 10m -run '^TestSessions$$' ./e2e

.PHONY: fuzz
fuzz: ## Run every fuzz target for FUZZTIME (60s)
	@for module in . $(APART); do (cd $$module; for pkg in $$(go list ./...); do \
	  for target in $$(go test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
	    echo "$$pkg $$target"; \
	    go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x $$pkg; \
	  done; \
	done); done

.PHONY: bench
bench: $(TOOLS) $(S3) ## Run the benchmarks COUNT times (6), compare with the run before, and each with its floor
	@mkdir -p _bench; [ ! -f _bench/new.txt ] || mv _bench/new.txt _bench/old.txt
	go test -run '^$$' -bench . -benchmem -cpu 1 -count $(COUNT) ./internal/... | tee _bench/new.txt
	go test -run '^$$' -bench . -benchmem -count $(COUNT) ./receiver/... | tee -a _bench/new.txt
	@if [ -f _bench/old.txt ]; then benchstat _bench/old.txt _bench/new.txt; else benchstat _bench/new.txt; fi
	benchstat -col '/impl@(floor ours)' _bench/new.txt

.PHONY: bench-process
bench-process: build ## Measure the built collector from files to OTLP on loopback, COUNT times each of CASES (all; and GoAccess, where it is installed)
	cd $(SYSTEM) && env E2E_SPEED=$(COUNT) E2E_SPEED_CASES="$(CASES)" go test -v -count=1 -timeout 60m -run '^TestSpeed$$' ./e2e

.PHONY: dist
dist: distribution ## Build all PLATFORMS into dist/, with checksums; the same source gives the same bytes
	rm -rf dist && mkdir dist
	@for platform in $(PLATFORMS); do \
	  os=$${platform%/*} arch=$${platform#*/}; \
	  name=otelcol-s3audit_$(VERSION)_$${os}_$${arch}; [ $$os != windows ] || name=$$name.exe; \
	  echo "dist/$$name"; \
	  (cd _build && GOOS=$$os GOARCH=$$arch $(GO_BUILD) -o ../dist/$$name .); \
	done
	cd dist && if command -v sha256sum >/dev/null; then sha256sum otelcol-*; else shasum -a 256 otelcol-*; fi | tee SHA256SUMS

.PHONY: packages
packages: $(NFPM) $(SYFT) dist ## Make deb and rpm packages, and lists of what is in the binaries (SBOM), in dist/
	gzip -9nc deploy/packages/otelcol-s3audit.1 > _build/otelcol-s3audit.1.gz
	@for arch in amd64 arm64; do for kind in deb rpm; do \
	  env VERSION=$(VERSION) ARCH=$$arch BINARY=dist/otelcol-s3audit_$(VERSION)_linux_$$arch \
	      MAN_PAGE=_build/otelcol-s3audit.1.gz \
	      SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) nfpm package -f deploy/packages/nfpm.yaml -p $$kind -t dist/; \
	done; done
	@for file in dist/otelcol-s3audit_$(VERSION)_*; do \
	  syft scan file:$$file -q -o spdx-json=$$file.spdx.json; \
	done

# Of the collector's modules that a file requires: those that have the stable version, at
# that one, the others at the first. $(1) is a go.mod, $(2) the versions.
collector = $$(for m in $$(sed -nE 's\#^\t(go\.opentelemetry\.io/collector[a-z0-9/-]*) v.*$$\#\1\#p' $(1)); do \
  v=$(word 2,$(2)); go list -m $$m@$$v >/dev/null 2>&1 || v=$(word 1,$(2)); echo $$m@$$v; done)

.PHONY: pin
pin: $(TOOLS) ## Write the versions of COLLECTOR, COLLECTOR_OLDEST and COLLECTOR_NEWEST into the files that name them
	sed -E -i.bak \
	  -e 's#((go\.opentelemetry\.io/collector|opentelemetry-collector-contrib)/[a-z0-9/]+) v0\.[0-9.]+$$#\1 $(word 1,$(COLLECTOR))#' \
	  -e 's#(go\.opentelemetry\.io/collector/[a-z0-9/]+) v1\.[0-9.]+$$#\1 $(word 2,$(COLLECTOR))#' builder-config.yaml README.md
	sed -E -i.bak -e 's#(collector/cmd/builder@)v0\.[0-9.]+#\1$(word 1,$(COLLECTOR))#' README.md
	rm builder-config.yaml.bak README.md.bak
	go get $(call collector,go.mod,$(COLLECTOR_OLDEST)) && go mod tidy
	cp go.mod $(NEWEST) && cp go.sum $(NEWEST:.mod=.sum)
	go get -modfile=$(NEWEST) $(call collector,go.mod,$(COLLECTOR_NEWEST)) && go mod tidy -modfile=$(NEWEST)
	for module in $(APART); do \
	  newest=$(CURDIR)/$(COMPAT)/$${module%/*}-newest; \
	  (cd $$module && cp go.mod $$newest.mod && cp go.sum $$newest.sum && \
	    go get $(call collector,go.mod,$(COLLECTOR_OLDEST)) && go mod tidy && \
	    go get -modfile=$$newest.mod $(call collector,go.mod,$(COLLECTOR_NEWEST)) && go mod tidy -modfile=$$newest.mod); \
	done
	cd $(SYSTEM) && go get $(call collector,go.mod,$(COLLECTOR)) \
	  github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/filestorage@$(word 1,$(COLLECTOR)) && go mod tidy
	cd internal/gen && go mod tidy
	cd internal/tools && go get -tool go.opentelemetry.io/collector/cmd/builder@$(word 1,$(COLLECTOR)) && go mod tidy

.PHONY: geo
geo: ## Fetch a free country database (CC BY 4.0, DB-IP) into _geo
	examples/geo.sh _geo

.PHONY: clean
clean: ## Remove what was built; the tools in .tools stay
	rm -rf _build _bench _run bin dist

# What a build needs of the tools.
$(BUILDER): internal/tools/go.mod internal/tools/go.sum
	cd internal/tools && GOBIN=$(BIN) go install go.opentelemetry.io/collector/cmd/builder
	@touch $@

$(TOOLS): internal/tools/go.mod internal/tools/go.sum
	cd internal/tools && GOBIN=$(BIN) go install tool
	@touch $@

$(LINT):
	GOBIN=$(BIN) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT)
	@touch $@

$(S3):
	GOBIN=$(BIN) go install github.com/versity/versitygw/cmd/versitygw@$(VERSITYGW)
	@touch $@

$(NFPM):
	$(GO_INSTALL) github.com/goreleaser/nfpm/v2/cmd/nfpm@$(NFPM_VERSION)
	@touch $@

$(SYFT):
	$(GO_INSTALL) github.com/anchore/syft/cmd/syft@$(SYFT_VERSION)
	@touch $@

$(PROMETHEUS): internal/tools/prometheus/go.mod internal/tools/prometheus/go.sum
	cd internal/tools/prometheus && $(GO_INSTALL) -tags remove_all_sd tool
	@touch $@

$(VICTORIALOGS): internal/tools/victorialogs/go.mod internal/tools/victorialogs/go.sum
	cd internal/tools/victorialogs && $(GO_INSTALL) tool
	@touch $@

$(VICTORIAMETRICS): internal/tools/victoriametrics/go.mod internal/tools/victoriametrics/go.sum
	cd internal/tools/victoriametrics && $(GO_INSTALL) tool
	@touch $@

$(SEAWEEDFS): internal/tools/seaweedfs/go.mod internal/tools/seaweedfs/go.sum
	cd internal/tools/seaweedfs && $(GO_INSTALL) tool
	@touch $@

$(FAUXQS): $(wildcard internal/tools/fauxqs/*)
	@mkdir -p $(@D)
	cp $^ $(@D)
	cd $(@D) && npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

$(WEB_PACKAGES): $(WEB)/package.json $(WEB)/package-lock.json
	cd $(WEB) && npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

$(GRAFANA): $(wildcard internal/tools/grafana/*)
	@mkdir -p $(@D)
	cp $^ $(@D)
	cd $(@D) && npm ci --ignore-scripts --no-audit --no-fund
	@touch $@
