/// An array that lies on the heap, where it can grow, or in a `PagedRegion`, from where it can be taken out of memory.
///
/// With value semantics: a change of an array in a region copies it to the heap first, so regions are filled once, when
/// they are made. Access costs one comparison more than that of an `Array`, so everything on its way is inlinable.
@frozen public struct PageableArray<Element: BitwiseCopyable & Sendable>: @unchecked Sendable {
    // @unchecked: the memory of a region is only read once `init(in:count:_:)` has returned.

    @usableFromInline var heap: [Element]
    @usableFromInline var region: PagedRegion?
    @usableFromInline var paged: UnsafeBufferPointer<Element>

    @inlinable public init() {
        heap = []
        paged = UnsafeBufferPointer(start: nil, count: 0)
    }

    @inlinable public init(_ elements: [Element]) {
        heap = elements
        paged = UnsafeBufferPointer(start: nil, count: 0)
    }

    /// An array of a known length, on the heap or in a store, that `fill` initialises completely.
    /// - Parameter store: `nil` for the heap.
    /// - Throws: `ScratchError` when the store has no room, and what `fill` throws.
    public init(
        in store: PageStore?, count: Int, _ fill: (UnsafeMutableBufferPointer<Element>) throws(ScratchError) -> Void
    ) throws(ScratchError) {
        self.init()
        guard count > 0 else { return }
        guard let store else {
            var failure: ScratchError?
            heap = [Element](unsafeUninitializedCapacity: count) { buffer, filled in
                do throws(ScratchError) {
                    try fill(UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
                    filled = count
                } catch {
                    failure = error
                }
            }
            if let failure { throw failure }
            return
        }
        let region = try store.region(byteCount: count * MemoryLayout<Element>.stride)
        let start = region.start.bindMemory(to: Element.self, capacity: count)
        try fill(UnsafeMutableBufferPointer(start: start, count: count))
        self.region = region
        paged = UnsafeBufferPointer(start: start, count: count)
    }

    /// Whether the elements lie in a region.
    @inlinable public var isPaged: Bool { region != nil }

    /// Brings the elements to the heap, so that they can be changed.
    @inlinable mutating func makeResident() {
        guard region != nil else { return }
        heap = Array(paged)
        paged = UnsafeBufferPointer(start: nil, count: 0)
        region = nil
    }

    @inlinable public mutating func reserveCapacity(_ capacity: Int) {
        makeResident()
        heap.reserveCapacity(capacity)
    }

    @inlinable public mutating func append(_ element: Element) {
        makeResident()
        heap.append(element)
    }

    @inlinable public mutating func append(contentsOf elements: some Sequence<Element>) {
        makeResident()
        heap.append(contentsOf: elements)
    }

    @inlinable public mutating func removeAll(keepingCapacity: Bool = false) {
        paged = UnsafeBufferPointer(start: nil, count: 0)
        region = nil
        heap.removeAll(keepingCapacity: keepingCapacity)
    }

    @inlinable public func withUnsafeBufferPointer<Result>(_ body: (UnsafeBufferPointer<Element>) throws -> Result)
        rethrows
        -> Result
    {
        guard let region else { return try heap.withUnsafeBufferPointer(body) }
        return try withExtendedLifetime(region) { try body(paged) }
    }

    @inlinable public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result
    {
        try withUnsafeBufferPointer { try body(UnsafeRawBufferPointer($0)) }
    }
}

extension PageableArray: RandomAccessCollection, MutableCollection, RangeReplaceableCollection,
    ExpressibleByArrayLiteral
{
    @inlinable public mutating func replaceSubrange(_ range: Range<Int>, with elements: some Collection<Element>) {
        makeResident()
        heap.replaceSubrange(range, with: elements)
    }

    @inlinable public init(arrayLiteral elements: Element...) { self.init(elements) }

    @inlinable public var startIndex: Int { 0 }
    @inlinable public var endIndex: Int { count }
    @inlinable public var count: Int { region == nil ? heap.count : paged.count }

    @inlinable public subscript(index: Int) -> Element {
        get {
            guard region != nil else { return heap[index] }
            precondition(index >= 0 && index < paged.count, "index out of range")
            return paged[index]
        }
        set {
            makeResident()
            heap[index] = newValue
        }
    }
}

extension PageableArray: Equatable, Hashable where Element: Hashable {
    public static func == (left: Self, right: Self) -> Bool { left.elementsEqual(right) }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(count)
        for element in self { hasher.combine(element) }
    }
}
