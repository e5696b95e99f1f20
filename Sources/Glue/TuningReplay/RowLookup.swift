import BayesianTuning
import GaussianProcess
import Parameters

/// Finds the row of a table that a configuration stands for.
struct RowLookup {
    private let space: SearchSpace
    /// Of rows that run alike, the first.
    private let exact: [Configuration: Int]
    private let configurations: [Configuration]
    private let kinds: [Bool]
    private let inputs: [Double]

    /// - Parameter space: of the whole ranges, whose axes measure distance.
    init(_ table: RecordedTable, space: SearchSpace) throws(SearchSpaceError) {
        self.space = space
        var exact: [Configuration: Int] = [:]
        exact.reserveCapacity(table.rows.count)
        var configurations: [Configuration] = []
        var inputs: [Double] = []
        for (position, row) in table.rows.enumerated() {
            let configuration = try space.configuration(values: row.values)
            configurations.append(configuration)
            if exact[configuration] == nil { exact[configuration] = position }
            inputs.append(contentsOf: space.encode(configuration))
        }
        self.exact = exact
        self.configurations = configurations
        self.inputs = inputs
        kinds = space.inputKinds.map { $0 == .categorical }
    }

    func configuration(_ row: Int) -> Configuration { configurations[row] }

    /// The row itself, or else the nearest one on the axes of the space (a category counts 0 or 1), the first of equals.
    func row(of configuration: Configuration) -> Int {
        if let row = exact[configuration] { return row }
        let wanted = space.encode(configuration)
        let d = kinds.count
        var best = 0
        var smallest = Double.infinity
        for row in configurations.indices {
            var distance = 0.0
            for j in 0..<d {
                let difference = inputs[row * d + j] - wanted[j]
                distance += kinds[j] ? (difference == 0 ? 0 : 1) : difference * difference
            }
            if distance < smallest {
                smallest = distance
                best = row
            }
        }
        return exact[configurations[best]] ?? best
    }
}
