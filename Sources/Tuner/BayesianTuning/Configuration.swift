import Parameters

/// One value for every parameter of a search space; inactive parameters have their default.
///
/// Made by `SearchSpace`, which guarantees that two configurations that would run alike are equal.
public struct Configuration: Sendable, Hashable, CustomStringConvertible {
    /// In the order of the space.
    public let names: [String]
    public let values: [ParameterValue]

    init(names: [String], values: [ParameterValue]) {
        self.names = names
        self.values = values
    }

    /// The value of a parameter, `nil` when the space does not have it.
    public subscript(_ name: String) -> ParameterValue? {
        names.firstIndex(of: name).map { values[$0] }
    }

    public var description: String {
        zip(names, values).map { name, value in
            switch value {
            case .boolean(let flag): "\(name)=\(flag)"
            case .integer(let integer): "\(name)=\(integer)"
            case .number(let number): "\(name)=\(number)"
            case .choice(let choice): "\(name)=\(choice)"
            case .numbers(let numbers): "\(name)=\(numbers)"
            case .automatic: "\(name)=auto"
            }
        }.joined(separator: " ")
    }
}

/// A configuration as one level per dimension: what generators of candidates work on.
struct LatticePoint: Sendable, Hashable {
    var levels: [Int32]

    /// One word for all levels: candidates are hashed by the thousand.
    func hash(into hasher: inout Hasher) {
        var word: UInt64 = 0
        for level in levels { word = (word ^ UInt64(UInt32(bitPattern: level))) &* 0x9E37_79B9_7F4A_7C15 }
        hasher.combine(word ^ (word >> 32))
    }
}
