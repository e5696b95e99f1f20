import SpectrumModel

/// Memory that searches of all spectra of a library come to, in bytes: what its arrays say, not what was measured.
///
/// An identity search touches a small part of the library and needs no index: all of these are 0 for it.
public struct SearchMemory: Sendable, Hashable {
    /// Pages of the library's file: the peaks by m/z and neutral loss, as far as the search uses them, and the spectra that are compared.
    /// They can be given back, and are touched again by the next batch of queries.
    public var pages = 0
    /// An index that the file does not have; it is built by the first search and kept.
    public var index = 0
    /// Beyond it while it is built.
    public var indexScratch = 0
    /// The trees of an approximate index, with as many as are tried at most; kept.
    public var trees = 0
    /// Beyond them and beyond `pages` while they are planned: the trees that grow are held twice, and all spectra are read.
    public var treesScratch = 0

    public init() {}

    /// What one batch of queries touches at once, beside an index that is there.
    public var atOnce: Int { pages + indexScratch }
    /// While an approximate index is planned.
    public var whilePlanned: Int { trees > 0 ? pages + trees + treesScratch : 0 }
    /// What stays in memory, whatever is given back.
    public var kept: Int { index + trees }
}

extension SpectralLibrary {
    /// What searches with these parameters are going to take. O(1).
    public func searchMemory(_ parameters: SearchParameters, _ approximation: ApproximationSettings) -> SearchMemory {
        let setup = SearchSetup(parameters, library: self)
        var memory = SearchMemory()
        guard setup.searchesAll else { return memory }
        let peaks = peakMZ.count
        // m/z, intensity and weight; m/z and weight of merged spectra, which an index has.
        let bytesOfSpectra = 16
        var bytesPrepared = 0
        if case .entropy = setup.preparation.weighting { bytesPrepared = 12 }
        if existingIndex(for: setup.preparation) != nil {
            let orders = (setup.matching.usesFragments ? 1 : 0) + (setup.matching.usesLosses ? 1 : 0)
            memory.pages = peaks * (10 * orders + (bytesPrepared > 0 ? bytesPrepared : bytesOfSpectra))
        } else {
            memory.pages = peaks * bytesOfSpectra
            memory.index = peaks * (20 + bytesPrepared)
            // The prepared spectra, and an order that is being sorted.
            memory.indexScratch = peaks * (12 - bytesPrepared + 18)
        }
        if approximation.strategy != .exact {
            memory.trees =
                SearchCalibration.treeCounts.map { LSHForest.byteCount(spectra: count, trees: $0) }
                .filter { $0 <= SearchCalibration.mostBytes }.max() ?? 0
            // A sample is searched: accessions and compounds of what is found lie all over the library.
            let bytesOfEntries = 200
            memory.treesScratch =
                memory.trees > 0 ? memory.trees / 2 + peaks * bytesOfSpectra + count * bytesOfEntries : 0
        }
        return memory
    }
}
