import CLibXML2

/// Takes what a document holds, in document order. Names are local names: prefixes do not matter.
protocol XMLElementHandler: AnyObject {
    func start(_ name: String, _ attributes: XMLAttributes, in parser: XMLPushParser) throws(MzMLError)
    func end(_ name: String, in parser: XMLPushParser) throws(MzMLError)
    /// A piece of text or of a CDATA section, in UTF-8; line ends are `\n`.
    func text(_ piece: ByteRun, in parser: XMLPushParser) throws(MzMLError)
}

/// libxml2's push parser with what a hostile document could use switched off.
///
/// A document type is refused where it starts, so no entity is ever defined or loaded; the network is off; elements
/// nest at most `maximumDepth` deep; attributes and namespaces, which libxml2 compares each with each, are bounded; its
/// own limits (10 MB for one tag or comment) stay on. Text between tags has no limit here, because it is never
/// collected: handlers set theirs.
final class XMLPushParser {
    /// mzML's own elements nest 12 deep.
    static let maximumDepth = 256
    /// Bytes that libxml2 gets at a time: small against its limit for what it looks ahead.
    static let pieceSize = 32 << 10
    /// Namespaces that open elements declare, all together.
    private static let maximumNamespaces = 1024
    /// A tag that is larger than `largeTagBytes` may hold this many equals signs.
    private static let maximumAttributes = 4096
    private static let largeTagBytes = 64 << 10

    private let path: String
    /// Where the document's first byte lies in the file.
    private let baseOffset: Int
    private unowned let handler: any XMLElementHandler
    private var context: xmlParserCtxtPtr?
    /// Names are interned by libxml2, so that one pointer stands for one name: the latest, by the lower bits of theirs.
    private var names = [(pointer: UnsafePointer<xmlChar>?, name: String)](repeating: (nil, ""), count: 64)
    /// What a handler refused, or the parser itself: it stays.
    private var failure: MzMLError?
    /// Elements that are open.
    var depth: Int { namespaceCounts.count }
    /// Namespaces that each open element declares.
    private var namespaceCounts: [Int] = []
    private var namespaces = 0
    /// The root element has been closed.
    private(set) var isComplete = false
    /// Bytes handed over so far.
    private(set) var bytesFed = 0
    /// The same without the latest piece.
    private var bytesFedBefore = 0
    /// A place in the latest piece: its offset in the file, and in the text as libxml2 holds it.
    private var anchor = (piece: -1, offset: 0, position: 0)

    /// - Throws: `malformedXML` when there is no memory.
    init(path: String, baseOffset: Int = 0, handler: any XMLElementHandler) throws(MzMLError) {
        self.path = path
        self.baseOffset = baseOffset
        self.handler = handler
        var callbacks = Self.callbacks()
        context = xmlCreatePushParserCtxt(&callbacks, Unmanaged.passUnretained(self).toOpaque(), nil, 0, nil)
        guard context != nil else {
            throw MzMLError(.malformedXML, path: path, reason: "libxml2 cannot start (out of memory)")
        }
        let options = XML_PARSE_NONET.rawValue | XML_PARSE_NOERROR.rawValue | XML_PARSE_NOWARNING.rawValue
        _ = xmlCtxtUseOptions(context, Int32(bitPattern: UInt32(options)))
    }

    deinit { if let context { xmlFreeParserCtxt(context) } }

    /// Offset in the file of the place that the parser has reached. Where the text is not UTF-8 the way from the first
    /// question about a piece is counted in UTF-8, because libxml2 finds the place by encoding all that it has not
    /// parsed.
    var byteOffset: Int {
        guard let input = context?.pointee.input, input.pointee.buf?.pointee.encoder != nil else { return exactOffset }
        let position = Int(input.pointee.consumed) + (input.pointee.cur - input.pointee.base)
        if anchor.piece != bytesFed { anchor = (bytesFed, exactOffset, position) }
        return min(anchor.offset + position - anchor.position, baseOffset + bytesFed)
    }

    /// The same in the file's own encoding. Once libxml2 has given up it has forgotten the place, and the start of the
    /// piece stands for it.
    private var exactOffset: Int {
        let consumed = context?.pointee.instate == XML_PARSER_EOF ? -1 : xmlByteConsumed(context)
        return baseOffset + (consumed >= 0 ? min(consumed, bytesFed) : bytesFedBefore)
    }

    /// The encoding that the XML declaration names.
    var declaredEncoding: String? {
        guard let context else { return nil }
        let name = context.pointee.input.flatMap { $0.pointee.encoding } ?? context.pointee.encoding
        return name.map { String(cString: $0) }
    }

    /// Parses the next piece of the document. The first one must hold at least 4 bytes, by which the encoding is known.
    /// - Throws: what a handler throws, `documentType`, `unsupportedEncoding`, `malformedXML` with libxml2's message
    ///   and line.
    func feed(_ piece: ByteRun) throws(MzMLError) {
        let silence = Silence()
        defer { silence.end() }
        var rest = piece
        while let start = rest.baseAddress, !rest.isEmpty {
            if let failure { throw failure }
            let length = min(rest.count, Self.pieceSize)
            bytesFedBefore = bytesFed
            bytesFed += length
            _ = xmlParseChunk(context, UnsafeRawPointer(start).assumingMemoryBound(to: CChar.self), Int32(length), 0)
            try check()
            try checkPendingTag()
            rest = ByteRun(rebasing: rest[length...])
        }
    }

    /// Ends the document.
    /// - Throws: as `feed`, and `truncated` when elements are still open.
    func finish() throws(MzMLError) {
        if !isComplete {
            throw MzMLError(
                .truncated, path: path, byteOffset: baseOffset + bytesFed,
                reason: "the XML ends before its last element",
                hint: "the file was cut off while it was written or copied: copy or convert it again")
        }
        if let failure { throw failure }
        let silence = Silence()
        defer { silence.end() }
        _ = xmlParseChunk(context, nil, 0, 1)
        try check()
    }

    /// Namespace errors do not count: prefixes mean nothing here.
    private func check() throws(MzMLError) {
        if let failure { throw failure }
        guard let context, context.pointee.wellFormed == 0 || context.pointee.disableSAX != 0 else { return }
        let error = xmlCtxtGetLastError(UnsafeMutableRawPointer(context))
        let number = error?.pointee.code ?? 0
        let isEncoding =
            number == Int32(XML_ERR_UNSUPPORTED_ENCODING.rawValue) || number == Int32(XML_ERR_UNKNOWN_ENCODING.rawValue)
        var message = error?.pointee.message.map { String(cString: $0) } ?? "it is not well formed"
        while let last = message.last, last.isWhitespace { message.removeLast() }
        let failure = MzMLError(
            isEncoding ? .unsupportedEncoding : .malformedXML, path: path, byteOffset: exactOffset,
            reason: "line \(error?.pointee.line ?? 0) of the XML is not well formed: \(message)",
            hint: "the file was damaged or not written by an XML writer; convert it again")
        self.failure = failure
        throw failure
    }

    /// Refuses a start tag that will hold very many attributes while it is still waiting for its end.
    private func checkPendingTag() throws(MzMLError) {
        guard let input = context?.pointee.input, let start = input.pointee.cur, let end = input.pointee.end,
            end - start > Self.largeTagBytes, start[0] == UInt8(ascii: "<"), start[1] != UInt8(ascii: "!"),
            start[1] != UInt8(ascii: "?")
        else { return }
        let signs = ByteRun(start: start, count: end - start).count { $0 == UInt8(ascii: "=") }
        guard signs > Self.maximumAttributes else { return }
        let failure = malformed("a tag has more than \(Self.maximumAttributes) attributes")
        self.failure = failure
        throw failure
    }

    private func malformed(_ reason: String) -> MzMLError {
        MzMLError(
            .malformedXML, path: path, byteOffset: exactOffset, reason: reason,
            hint: "this is no mzML, or it is damaged")
    }

    /// Stops the parser; the offset is taken first, because stopping forgets it.
    private func refuse(_ error: MzMLError) {
        guard failure == nil else { return }
        failure = error
        if failure?.byteOffset == nil { failure?.byteOffset = exactOffset }
        if failure?.path.isEmpty == true { failure?.path = path }
        xmlStopParser(context)
    }

    private func name(_ pointer: UnsafePointer<xmlChar>) -> String {
        let slot = (Int(bitPattern: pointer) >> 2) & 63
        if names[slot].pointer == pointer { return names[slot].name }
        let name = String(cString: pointer)
        names[slot] = (pointer, name)
        return name
    }
}

/// Errors of encoding go to a handler of the thread, which prints them: while it lasts nothing is printed.
private struct Silence {
    private let handler = __xmlStructuredError().pointee
    private let context = __xmlStructuredErrorContext().pointee

    init() { xmlSetStructuredErrorFunc(nil) { _, _ in } }

    func end() { xmlSetStructuredErrorFunc(context, handler) }
}

// MARK: - Callbacks

extension XMLPushParser {
    private static func parser(_ context: UnsafeMutableRawPointer?) -> XMLPushParser? {
        context.map { Unmanaged<XMLPushParser>.fromOpaque($0).takeUnretainedValue() }
    }

    private static func callbacks() -> xmlSAXHandler {
        var callbacks = xmlSAXHandler()
        callbacks.initialized = UInt32(XML_SAX2_MAGIC)
        callbacks.startElementNs = { context, name, _, _, namespaceCount, _, count, _, attributes in
            guard let name else { return }
            XMLPushParser.parser(context)?.started(
                name, XMLAttributes(fields: attributes, count: Int(count)), namespaceCount: Int(namespaceCount))
        }
        callbacks.endElementNs = { context, name, _, _ in
            guard let name else { return }
            XMLPushParser.parser(context)?.ended(name)
        }
        callbacks.characters = { context, text, length in
            XMLPushParser.parser(context)?.found(ByteRun(start: text, count: Int(length)))
        }
        callbacks.ignorableWhitespace = callbacks.characters
        callbacks.cdataBlock = callbacks.characters
        callbacks.internalSubset = { context, _, _, _ in XMLPushParser.parser(context)?.refuseDocumentType() }
        return callbacks
    }

    private func started(
        _ name: UnsafePointer<xmlChar>, _ attributes: XMLAttributes, namespaceCount: Int
    ) {
        guard failure == nil else { return }
        namespaceCounts.append(namespaceCount)
        namespaces += namespaceCount
        guard depth <= Self.maximumDepth else {
            return refuse(malformed("elements are nested more than \(Self.maximumDepth) deep"))
        }
        guard namespaces <= Self.maximumNamespaces else {
            return refuse(malformed("more than \(Self.maximumNamespaces) namespaces are declared"))
        }
        do throws(MzMLError) {
            try handler.start(self.name(name), attributes, in: self)
        } catch {
            refuse(error)
        }
    }

    private func ended(_ name: UnsafePointer<xmlChar>) {
        guard failure == nil else { return }
        namespaces -= namespaceCounts.popLast() ?? 0
        if depth == 0 { isComplete = true }
        do throws(MzMLError) {
            try handler.end(self.name(name), in: self)
        } catch {
            refuse(error)
        }
    }

    private func found(_ text: ByteRun) {
        guard failure == nil else { return }
        do throws(MzMLError) {
            try handler.text(text, in: self)
        } catch {
            refuse(error)
        }
    }

    private func refuseDocumentType() {
        refuse(
            MzMLError(
                .documentType, path: path,
                reason: "the XML declares a document type or entities; mzML has none, so it is not expanded",
                hint: "remove the declaration, or convert the file again from the vendor's data"))
    }
}
