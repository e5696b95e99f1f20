import SpectrumModel
import Testing

/// What the result table says of ions of one molecule, on a real file.
@Suite struct AdductColumnsTests {
    private static let told = ["ion_species", "neutral_mass", "ion_group"]

    private func rows(_ assignments: [String]) throws -> [[String: String]] {
        let run = try EngineRun([EngineRun.dda], ["matching.enabled=false", "annotation.enabled=false"] + assignments)
        let lines = try run.text("features.tsv").split(separator: "\n", omittingEmptySubsequences: true)
        let names = try #require(lines.first).split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        return lines.dropFirst().map { line in
            let cells = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            #expect(cells.count == names.count)
            return Dictionary(uniqueKeysWithValues: zip(names, cells))
        }
    }

    @Test func `members of a group agree on one mass that their adducts explain`() throws {
        let rows = try rows([])
        var groups: [String: [[String: String]]] = [:]
        for row in rows {
            guard let group = row["ion_group"], !group.isEmpty else {
                #expect(row["ion_species"] == "" && row["neutral_mass"] == "")
                continue
            }
            groups[group, default: []].append(row)
        }
        #expect(groups.count > 20 && groups.count < rows.count / 5)
        #expect(Set(groups.keys) == Set((1...groups.count).map(String.init)))
        var toldGroups = 0
        for (_, members) in groups {
            #expect(members.count >= 2)
            #expect(Set(members.map { $0["neutral_mass"] }).count == 1)
            guard let mass = members[0]["neutral_mass"].flatMap(Double.init) else { continue }
            toldGroups += 1
            #expect(Set(members.map { $0["ion_species"] }).count == members.count)
            for member in members {
                let species = try #require(AdductTable.species(named: member["ion_species"] ?? ""))
                let mz = try #require(member["mz"].flatMap(Double.init))
                #expect(species.adduct.polarity == .positive)
                #expect(Tolerance.ppm(10).matches(mz, reference: species.adduct.mz(neutralMass: mass)))
                let charge = try #require(member["charge"].flatMap { Int($0) })
                #expect(charge == 0 || charge == species.adduct.charge)
            }
        }
        #expect(toldGroups > 20)
    }

    @Test func `without adducts the columns are empty and all others as before`() throws {
        let with = try rows([])
        let without = try rows(["adducts.enabled=false"])
        #expect(without.allSatisfy { row in Self.told.allSatisfy { row[$0] == "" } })
        func others(_ rows: [[String: String]]) -> [[String: String]] {
            rows.map { row in row.filter { !Self.told.contains($0.key) } }
        }
        #expect(others(with) == others(without))
    }
}
