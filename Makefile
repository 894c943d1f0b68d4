# Everything a person does here starts with make. "make help" lists it.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help deps build test unit demo prometheus crds images plugin release released-chart bench soak churn crowd failover failover-machines cascade-faults large-room interop-cascade interop-parts interop-path interop-firefox picture fuzz fmt fmt-check cluster-up cluster-down clean

SOLUTION := BuildIt.Operator.sln

help: ## List what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-17s %s\n", $$1, $$2 }' Makefile

deps: ## Install what is missing: system packages, npm packages, NuGet packages
	@scripts/deps.sh

build: deps ## Compile everything
	@dotnet build $(SOLUTION) -nologo -v quiet
	@cd conference-client && npm run --silent build

test: deps ## Run every test against a real Kubernetes API, Redis and browser (FILTER=... narrows it)
	@scripts/test.sh $(if $(FILTER),--filter '$(FILTER)')

unit: deps ## Run the tests that need nothing but the code: a minute (FILTER=... narrows it)
	@scripts/test.sh --kind unit $(if $(FILTER),--filter '$(FILTER)')

demo: deps ## Show an encrypted call that outlives its pod, on a real local Kubernetes (FLEET=yes: scaling and rollout first; REGIONS=2: one room over two fleets)
	@FLEET=$(FLEET) REGIONS=$(REGIONS) scripts/demo.sh

prometheus: deps ## Watch the cluster of the demo with a Prometheus and the chart's alerts, until Ctrl+C
	@scripts/prometheus.sh

crds: ## Generate crds/ and the chart's copies from the C# types
	@scripts/crds.sh

images: deps ## Build the container images into artifacts/images, without a registry
	@tests/cluster/images.sh all

plugin: deps ## Build kubectl-sfu for this machine into artifacts/plugin
	@dotnet publish tools/kubectl-sfu -c Release --use-current-runtime -o artifacts/plugin -nologo -v quiet

release: deps ## Build chart, definitions, images, plugin, SBOMs and checksums of a VERSION into artifacts/release (PARTS=... narrows it)
	@scripts/release.sh '$(VERSION)' $(PARTS)

released-chart: ## Pack the chart as the one that the next is upgraded from in tests, once a version is released (COMMIT=... names it)
	@scripts/released-chart.sh $(COMMIT)

bench: ## Measure the hot paths
	@scripts/bench.sh

soak: deps ## Hold a room of 50 and two browsers for five minutes
	@BUILDIT_SOAK=full dotnet test tests/e2e/BuildIt.Interop.Tests -c Release -nologo -v quiet --filter FullyQualifiedName~Soak --logger 'console;verbosity=detailed'

churn: ## Join and leave a node 10,000 times, and say what it holds afterwards
	@scripts/churn.sh

crowd: deps ## Have 50 people join and leave a group within 10 s each (CROWD=... for another number), and say what it took
	@CROWD=$${CROWD:-50} dotnet test tests/integration/BuildIt.RoomApi.Tests -nologo -v quiet --filter FullyQualifiedName~A_crowd_that --logger 'console;verbosity=detailed'

failover: deps ## As root: kill the pod of a call ten times, and time its return
	@BUILDIT_FAILOVER_KILLS=10 dotnet test tests/e2e/BuildIt.EndToEnd.Tests -nologo -v quiet --filter FullyQualifiedName~FailoverTests --logger 'console;verbosity=detailed'

failover-machines: deps ## Kill a pod with the machine of the leader, and with Redis', ten times each, and time its return
	@BUILDIT_MACHINE_DEATHS=10 dotnet test tests/integration/BuildIt.Operator.Tests -nologo -v quiet --filter FullyQualifiedName~MachineFailoverTests --logger 'console;verbosity=detailed'

cascade-faults: deps ## As root: kill, cut and wipe what serves a call over three regions, each ten times, and time its return (OTHER=commit: one region has the nodes of that version)
	@scripts/cascade-faults.sh $(OTHER)

large-room: ## Hold a room of 200 on four nodes and then on one, ten minutes each, and say what each node does
	@scripts/bench.sh large

interop-cascade: deps ## All that browsers, SDKs and servers do once more, with every participant on a node of its own
	@scripts/interop-cascade.sh

interop-parts: deps ## The same with one node whose rooms have parts on two loops, every participant at the other
	@scripts/interop-cascade.sh parts

interop-path: deps ## As root: two regions of a Kubernetes with a bad path between them, and what crosses it
	@BUILDIT_IMPAIRED_PATH=yes dotnet test tests/e2e/BuildIt.EndToEnd.Tests -nologo -v quiet --filter FullyQualifiedName~ImpairedPathTests --logger 'console;verbosity=detailed'

interop-firefox: deps ## What the browser tests do with Chromium, with Firefox and Chromium, and with Firefox alone
	@BUILDIT_BROWSERS=all dotnet test tests/e2e/BuildIt.Interop.Tests -nologo -v quiet --filter DisplayName~Firefox

picture: deps ## Draw docs/pictures/fleets.png: the fleet dashboard over a fleet of processes for two minutes of its life
	@BUILDIT_PICTURE=docs/pictures/fleets.png dotnet test tests/integration/BuildIt.Operator.Tests -nologo -v quiet --filter FullyQualifiedName~Telemetry.DashboardTests

fuzz: ## Feed the parsers hostile bytes
	@scripts/fuzz.sh

fmt: ## Format the code
	@dotnet format $(SOLUTION)

fmt-check: ## Fail when the code is not formatted
	@dotnet format $(SOLUTION) --verify-no-changes

cluster-up: deps ## Start a real Kubernetes on this machine: control plane and one node
	@tests/cluster/up.sh

cluster-down: ## Stop it and remove every trace
	@tests/cluster/down.sh

clean: ## Remove what was built (the cache in ~/.cache/buildit-sfu stays)
	@rm -rf artifacts conference-client/artifacts conference-client/dist
	@find . -type d \( -name bin -o -name obj -o -name TestResults \) -not -path '*/node_modules/*' -prune -exec rm -rf {} +
