import Parameters

/// Names that the specification has and that are not switchable here, or have no counterpart.
///
/// To add one: `BuiltInSetting("group.name", accepted: ["value"], reason: "what is done instead, and why there is no choice")`.
/// `accepted` holds what the program does anyway (the user then gets a notice), or nothing where there is no counterpart (any
/// value is then an error). A name can be here or among the parameters, never in both. The list shows on the reference page.
extension EngineParameters {
    static let builtIn: [BuiltInSetting] = [
        BuiltInSetting(
            "parallel.synchronization", accepted: ["minimal"],
            reason:
                "every worker fills its own results, and they are merged at the end in a fixed order, so that no number of "
                + "workers changes a result"),
        BuiltInSetting(
            "memory.caching.eviction_policy", accepted: ["lru"],
            reason: "caches drop what was not used for longest; there is no other policy"),
        BuiltInSetting(
            "memory.cache_strategy", accepted: ["lru"],
            reason: "caches drop what was not used for longest; there is no other policy"),
    ]
}
