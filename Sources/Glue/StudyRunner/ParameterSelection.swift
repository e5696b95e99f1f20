import Parameters

/// A parameter that a study does not search, and why.
public struct LeftOutParameter: Sendable, Hashable, Codable {
    public var name: String
    /// A clause without a full stop.
    public var reason: String

    public init(name: String, reason: String) {
        self.name = name
        self.reason = reason
    }
}

/// Which parameters a study searches: what a user asks for, less what cannot be searched or cannot matter.
///
/// A list has names, other spellings, sections (`execution`), patterns (`parallel.*`), and the words `default` (what is
/// searched when nothing is said), `all` (the default and what else can be searched) and `basic`; `-` before an item takes it
/// away, `+` adds it. A list that begins with a sign changes the default. Items count from left to right.
public struct ParameterSelection: Sendable, Hashable {
    /// In the order of the descriptions; at least one.
    public let searched: [ParameterDescription]
    /// Parameters that could matter for a search in principle, in that order: none that changes results.
    public let leftOut: [LeftOutParameter]

    public static let words = ["default", "all", "basic"]

    /// - Parameters:
    ///   - list: what a user asks for; `nil` or empty is `default`.
    ///   - basic: the names that the word stands for.
    ///   - fixed: values of parameters that hold in every run when they are not searched; others have their default.
    ///   - purposes: what the study asks for; parameters that serve nothing of it are not in `default`.
    ///   - irrelevant: by name, why a parameter cannot matter for what is run.
    /// - Throws: `StudyError(.invalidOptions)` for a name that is not known (with the nearest one), for one that is asked
    ///   for by name and cannot be searched or cannot matter (with the reason), and when nothing is left.
    public init(
        _ list: String?, of catalog: ParameterCatalog, basic: [String], fixed: [Setting] = [],
        purposes: ParameterPurposes = .all, irrelevant: [String: String] = [:]
    ) throws(StudyError) {
        var choice = Choice(catalog: catalog, basic: basic, purposes: purposes, irrelevant: irrelevant)
        let items = (list ?? "").split { $0 == "," || $0.isWhitespace }.map(String.init)
        if items.first.map({ $0.hasPrefix("+") || $0.hasPrefix("-") }) ?? true { try choice.add("default") }
        for item in items {
            if item.hasPrefix("-") {
                try choice.remove(String(item.dropFirst()))
            } else {
                try choice.add(item.hasPrefix("+") ? String(item.dropFirst()) : item)
            }
        }
        let inactive = Self.neverActive(choice.chosen, catalog, fixed: fixed)
        for description in catalog.descriptions where choice.named.contains(description.name) {
            if let reason = inactive[description.name] {
                throw StudyError(
                    .invalidOptions,
                    "--parameters: \(description.name) cannot matter in this study: \(reason); search that too, or set it in a "
                        + "--base file")
            }
        }
        let names = choice.chosen.subtracting(inactive.keys)
        searched = catalog.descriptions.filter { names.contains($0.name) }
        leftOut = catalog.descriptions.compactMap { description in
            guard !names.contains(description.name), description.group != .analysis else { return nil }
            let reason =
                choice.obstacle(description) ?? inactive[description.name]
                ?? description.reluctance(asked: purposes) ?? "not asked for"
            return LeftOutParameter(name: description.name, reason: reason)
        }
        guard !searched.isEmpty else {
            throw StudyError(
                .invalidOptions,
                "--parameters leaves nothing to search; lavoisier-tune parameters shows what can be searched")
        }
    }

    /// The parameters of an earlier selection, as far as they still exist.
    public static func parameters(named names: [String], of catalog: ParameterCatalog) -> [ParameterDescription] {
        catalog.descriptions.filter { names.contains($0.name) }
    }

    /// Chosen parameters that are active in no configuration of the search, and why: a parent has no value for it.
    private static func neverActive(
        _ chosen: Set<String>, _ catalog: ParameterCatalog, fixed: [Setting]
    ) -> [String: String] {
        var chosen = chosen
        var reasons: [String: String] = [:]
        // A parameter that is left out is a parent with one value.
        while let (name, reason) = catalog.descriptions.lazy.filter({ chosen.contains($0.name) }).compactMap({
            description in
            obstacle(to: description, chosen, catalog, fixed: fixed).map { (description.name, $0) }
        }).first {
            chosen.remove(name)
            reasons[name] = reason
        }
        return reasons
    }

    private static func obstacle(
        to description: ParameterDescription, _ chosen: Set<String>, _ catalog: ParameterCatalog, fixed: [Setting]
    ) -> String? {
        for clause in description.condition?.clauses ?? [] {
            guard let parent = catalog.description(of: clause.parameter) else { continue }
            var values = [parent.defaultValue]
            if chosen.contains(parent.name) {
                guard let listed = parent.searchValues else { continue }
                values += listed
            } else if let setting = fixed.first(where: { $0.name == parent.name }) {
                values = (try? parent.parse(setting.text)).map { [$0] } ?? values
            }
            if values.contains(where: clause.values.contains) { continue }
            let wanted = clause.values.map { parent.text(of: $0) }
            let text =
                wanted.count > 4 ? "\(wanted[0]) to \(wanted[wanted.count - 1])" : wanted.joined(separator: " or ")
            return "it matters only while \(parent.name) is \(text), and that stays \(parent.text(of: values[0]))"
        }
        return nil
    }

    /// What has been chosen so far.
    private struct Choice {
        let catalog: ParameterCatalog
        let basic: [String]
        let purposes: ParameterPurposes
        let irrelevant: [String: String]
        var chosen: Set<String> = []
        /// Asked for by name.
        var named: Set<String> = []

        /// Why a parameter cannot be searched in this study at all.
        func obstacle(_ description: ParameterDescription) -> String? {
            description.searchObstacle ?? description.irrelevance ?? irrelevant[description.name]
        }

        /// Why a parameter is left alone unless it is named.
        private func reluctance(_ description: ParameterDescription) -> String? {
            obstacle(description) ?? description.reluctance(asked: purposes)
        }

        mutating func add(_ item: String) throws(StudyError) {
            switch item {
            case "default": chosen.formUnion(names { reluctance($0) == nil })
            case "all": chosen.formUnion(names { obstacle($0) == nil })
            case "basic": chosen.formUnion(names { basic.contains($0.name) && obstacle($0) == nil })
            default:
                let found = try find(item)
                if let one = catalog.description(of: item) {
                    if let reason = obstacle(one) {
                        throw StudyError(.invalidOptions, "--parameters: \(one.name) cannot be searched: \(reason)")
                    }
                    named.insert(one.name)
                    chosen.insert(one.name)
                    return
                }
                let usable = found.filter { reluctance($0) == nil }
                guard !usable.isEmpty else {
                    let reasons = found.map { "\($0.name): \(reluctance($0) ?? "")" }
                    throw StudyError(
                        .invalidOptions,
                        "--parameters: nothing of '\(item)' is searched without being named: "
                            + reasons.joined(separator: "; "))
                }
                chosen.formUnion(usable.map(\.name))
            }
        }

        mutating func remove(_ item: String) throws(StudyError) {
            var names: Set<String> = []
            switch item {
            case "all", "default": names = chosen
            case "basic": names = Set(basic)
            default: names = Set(try find(item).map(\.name))
            }
            chosen.subtract(names)
            named.subtract(names)
        }

        private func names(_ isWanted: (ParameterDescription) -> Bool) -> [String] {
            catalog.descriptions.filter(isWanted).map(\.name)
        }

        private func find(_ item: String) throws(StudyError) -> [ParameterDescription] {
            if case .builtIn(let setting) = catalog.meaning(of: item) {
                throw StudyError(
                    .invalidOptions, "--parameters: \(item) is built in and not switchable: \(setting.reason)")
            }
            let found = catalog.matching(item)
            guard found.isEmpty else { return found }
            let nearest = nearestName(to: item, among: catalog.names + ParameterSelection.words)
            throw StudyError(
                .invalidOptions,
                "--parameters: '\(item)' is not a setting; "
                    + (nearest.map { "did you mean '\($0)'?" } ?? "lavoisier-tune parameters lists what can be searched")
            )
        }
    }
}
