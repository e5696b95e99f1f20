import HostEnvironment
import Parameters

/// How work is spread over the workers, and where they run.
extension EngineParameters {
    static func parallel(host: HostDescription) -> [ParameterDescription] {
        let oneCPU = (host.usableCPUs.value ?? 1) > 1 ? nil : "there is one usable CPU"
        let noThreads = host.topology.hasHardwareThreads ? nil : "every usable core has one usable hardware thread"
        let oneNode =
            host.topology.nodesInReach.count > 1 ? nil : "all usable CPUs are on one NUMA node, or nodes are not told"
        let unmeasured = "no machine with several nodes was at hand to measure what it brings: name it to search it"
        let whenNUMA = ParameterCondition(parameter: "parallel.numa_aware", values: [.boolean(true)])
        func parameter(
            _ name: String, _ domain: ParameterDomain, _ defaultValue: ParameterValue, irrelevance: String? = nil,
            condition: ParameterCondition? = nil, notSearched: String? = nil, purposes: ParameterPurposes = [.time],
            _ text: String
        ) -> ParameterDescription {
            ParameterDescription(
                name: "parallel.\(name)", group: .execution, domain: domain, defaultValue: defaultValue, text: text,
                condition: condition, notSearched: notSearched, purposes: purposes, irrelevance: irrelevance)
        }
        return [
            parameter(
                "distribution_strategy", choices(SchedulingSettings.Strategy.self),
                .choice(SchedulingSettings().strategy.rawValue), irrelevance: oneCPU,
                notSearched: "neither of the others was faster wherever they were measured, with 2 and with 16 CPUs",
                "Who decides which worker does a piece of work. static: each has a share, dealt beforehand. dynamic: whoever is "
                    + "free takes from one queue. work_stealing: each has a share, and who is done takes from others'."),
            parameter(
                "load_balancing", choices(SchedulingSettings.Balancing.self),
                .choice(SchedulingSettings().balancing.rawValue), irrelevance: oneCPU,
                notSearched: "pieces are small: no order of them was measured to be faster than as they come",
                "By what work is dealt or taken. round_robin: as it comes. predictive: by estimated cost (points of traces and "
                    + "chunks, peaks of fragment spectra, features), the heaviest first. adaptive: by what is left, much at first "
                    + "and little at the end; of static shares, who is done takes over half of the fullest."),
            parameter(
                "task_granularity", choices(SchedulingSettings.Granularity.self),
                .choice(SchedulingSettings().granularity.rawValue), purposes: .all,
                "Traces, queries, features and rows per piece of work: four times as many (coarse) or a quarter (fine) of what "
                    + "execution.chunk_size and the built-in grains say. Chunks of spectra stay as they are."),
            ParameterDescription(
                name: "storage.read_optimization.coordination_strategy", group: .execution,
                domain: choices(FileCoordination.self), defaultValue: .choice(FileCoordination.independent.rawValue),
                text:
                    "How files that are analysed at the same time come to their workers. independent: each has its share of "
                    + "them. pipeline: all workers are for all files, the earlier file first, so that what is left of one file "
                    + "overlaps with the beginning of the next.",
                condition: ParameterCondition(
                    parameter: "execution.concurrent_files", values: (2...64).map { .integer($0) }),
                notSearched: "independent files were faster wherever both were measured", irrelevance: oneCPU),
            ParameterDescription(
                name: "parallel.memory_per_worker", group: .execution, domain: .size((1 << 20)...(1 << 50)),
                defaultValue: .automatic, unit: "bytes",
                text:
                    "Memory that each worker is to have: there are no more workers than go into execution.memory_limit, and at least "
                    + "one. auto asks for none: the memory is bounded as a whole, whatever the number of workers.",
                searchValues: [], notSearched: "it lowers execution.workers, which is searched"),
            parameter(
                "hyperthreading", .boolean, .boolean(false), irrelevance: noThreads,
                notSearched:
                    "execution.workers is searched beyond the cores, and for a stated number this only moves pins",
                "Whether the second hardware threads of cores count: for the default of execution.workers, and for the CPUs that "
                    + "parallel.thread_affinity gives."),
            parameter(
                "thread_affinity", .boolean, .boolean(false), irrelevance: oneCPU,
                notSearched: "no effect was measured on shared CPUs, and runs at a time would take the same ones",
                "Confine each worker to a CPU of its own, of those that the process may use. Two runs at the same time would "
                    + "take the same CPUs: start them with different affinity masks (taskset)."),
            parameter(
                "numa_aware", .boolean, .boolean(false), irrelevance: oneNode, notSearched: unmeasured,
                "Keep each worker on the CPUs of one NUMA node. Without effect, and with a notice, where the process may use "
                    + "the CPUs of one node only."),
            parameter(
                "data_locality", choices(PlacementRequest.DataLocality.self),
                .choice(PlacementRequest.DataLocality.high.rawValue), irrelevance: oneNode, condition: whenNUMA,
                notSearched: unmeasured,
                "high: workers on as few nodes as hold them, those of one file together. low: evenly over all nodes, for "
                    + "the bandwidth of all memory controllers."),
            parameter(
                "memory_binding", choices(PlacementRequest.MemoryBinding.self),
                .choice(PlacementRequest.MemoryBinding.local.rawValue), irrelevance: oneNode, condition: whenNUMA,
                notSearched: unmeasured,
                "Where the memory of workers comes from (set_mempolicy): the worker's own node as long as it has some, all "
                    + "nodes with workers in turn, or wherever the process gets it."),
        ]
    }

    private static func choices<Choice: CaseIterable & RawRepresentable<String>>(
        _ type: Choice.Type
    ) -> ParameterDomain { .choice(type.allCases.map(\.rawValue)) }

    /// Where the default number of workers comes from that counts hardware threads.
    static let workersByThreads = "parallel.hyperthreading"

    /// All layers over the defaults, in terms of the settings that there are, with those defaults that another setting decides.
    /// - Parameter notices: what was said in terms of earlier versions is added.
    /// - Throws: `ParameterError` as `ResolvedConfiguration`.
    public static func resolve(
        _ given: [ConfigurationLayer], host: HostDescription, notices: inout [String]
    ) throws(ParameterError) -> ResolvedConfiguration {
        let catalog = catalog(host: host)
        var layers: [ConfigurationLayer] = []
        for layer in given {
            let (current, replaced) = try RetiredSettings.replaced(layer, catalog: catalog)
            layers.append(current)
            notices += replaced
        }
        let resolved = try ResolvedConfiguration(catalog, layers: layers)
        let workers = resolved["execution.workers"]
        guard resolved.boolean("parallel.hyperthreading"), workers.source == "default",
            let cpus = host.usableCPUs.value.map({ ParameterValue.integer(min($0, 256)) }), cpus != workers.value
        else { return resolved }
        let decided = ConfigurationLayer(
            source: workersByThreads,
            entries: [
                ConfigurationLayer.Entry(
                    name: "execution.workers", text: workers.description.text(of: cpus),
                    location: workersByThreads)
            ])
        return try ResolvedConfiguration(catalog, layers: [decided] + layers)
    }
}

extension AnalysisConfiguration {
    /// Where workers run, for so many files at a time with the workers of this configuration each.
    func placement(topology: MachineTopology, files: Int) -> PlacementPlan {
        var request = PlacementRequest(groups: files, workersPerGroup: workers)
        request.usesHardwareThreads = resolved.boolean("parallel.hyperthreading")
        request.pins = resolved.boolean("parallel.thread_affinity")
        request.isNUMAAware = resolved.boolean("parallel.numa_aware")
        request.locality = .init(rawValue: resolved.choice("parallel.data_locality")) ?? .high
        request.binding = .init(rawValue: resolved.choice("parallel.memory_binding")) ?? .local
        return PlacementPlan(topology: topology, request: request)
    }
}
