# Every target is one that a person calls; CI calls the same ones.
GO       ?= go
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
LDFLAGS   = -s -w -X dagu/cmd.version=$(VERSION)
TOOLS     = -modfile=.ci/tools/go.mod
RUN_HOME ?= $(CURDIR)/tmp/home
SEED     ?= $(shell date +%s)

export CGO_ENABLED ?= 0

.DEFAULT_GOAL := help

.PHONY: help
help: ## Print the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## Build bin/dagu, one static binary
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/dagu ./cmd/dagu

.PHONY: run
run: build ## Schedule the sample DAGs and answer http://127.0.0.1:8090/health
	@echo 'Scheduling integration/sample; health: http://127.0.0.1:8090/health; stop with Ctrl-C'
	@DAGU_HOME='$(RUN_HOME)' exec bin/dagu scheduler --dags integration/sample

.PHONY: test
test: build monitoring ## Run all tests
	$(GO) test $$($(GO) list ./... | grep -v '/integration/faults$$')
	$(GO) test -v ./integration/faults # after the others, since it measures time

.PHONY: monitoring
monitoring: ## Evaluate the alert rules and check the dashboard
	cd integration/monitoring && $(GO) test -count=1 ./... # which cannot know when dagu has changed

.PHONY: race
race: build ## Run all tests but those of other binaries with the race detector (needs a C compiler)
	CGO_ENABLED=1 $(GO) test -race -skip Model $$($(GO) list ./... | grep -v '/integration/\(faults\|chaos\|language\)$$')
	CGO_ENABLED=1 $(GO) test -race -run Model ./modules/scheduler ./modules/store -rapid.checks=10 # each is ten times slower here

.PHONY: lint
lint: ## Run the linters and check formatting and go.mod
	$(GO) tool $(TOOLS) golangci-lint run --allow-parallel-runners ./...
	$(GO) mod tidy -diff
	cd integration/monitoring && $(GO) tool -modfile=../../.ci/tools/go.mod golangci-lint run --allow-parallel-runners ./... && $(GO) mod tidy -diff

.PHONY: fmt
fmt: ## Format the code
	$(GO) tool $(TOOLS) golangci-lint fmt ./...

.PHONY: tidy
tidy: ## Tidy go.mod
	$(GO) mod tidy

.PHONY: bench
bench: build ## Run all benchmarks, and 100 and 1,000 DAGs due in one minute
	$(GO) test -run '^$$' -bench . -benchmem ./...

.PHONY: bench-once
bench-once: ## Run each benchmark once, to see that it works
	$(GO) test -short -run '^$$' -bench . -benchtime 1x ./...

.PHONY: fuzz
fuzz: ## Fuzz each parser with 100,000 inputs
	@set -e; for p in $$($(GO) list ./...); do \
	  for f in $$($(GO) test -list '^Fuzz' $$p | grep '^Fuzz' || true); do \
	    echo "$$p $$f"; $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime 100000x $$p; \
	  done; \
	done

.PHONY: oracle
oracle: ## Check schedules against the slow oracle over every zone
	$(GO) test -tags oracle -run Oracle -timeout 60m ./modules/schedule

.PHONY: faults
faults: ## Make every fault with the default thresholds, and write integration/faults/results.md
	$(GO) test -count=1 -v -timeout 30m ./integration/faults -args -full

.PHONY: chaos
chaos: ## Kill one scheduler, and two, 200 times, and try the models 1,000 times; SEED=n makes the choices of a run again
	$(GO) test -count=1 -v -timeout 60m ./integration/chaos -args -kills 200 -seed $(SEED)
	$(GO) test -count=1 -v -timeout 60m -run Model ./modules/scheduler ./modules/store -rapid.checks=1000 -rapid.seed=$(SEED)

.PHONY: soak
soak: ## Keep two cores busy for ten minutes in which no probe may turn red
	$(GO) test -count=1 -v -timeout 30m -run TestFaults ./integration/faults -args -soak -healthy 10m

.PHONY: kubelet
kubelet: ## Have the kubelet's own prober ask the binary through a whole life
	cd integration/kubelet && $(GO) vet ./... && $(GO) test -count=1 -v ./...

.PHONY: full
full: oracle fuzz monitoring kubelet faults chaos ## What is too long for CI
	$(GO) test -tags full -timeout 60m ./integration/...

.PHONY: ci
ci: ## What CI runs
	.ci/run

.PHONY: clean
clean: ## Remove what was built and what make run left
	rm -rf bin tmp
