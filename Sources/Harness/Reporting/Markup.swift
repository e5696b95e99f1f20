/// A piece of well-formed markup, valid as HTML and as XML; text and attributes are escaped by construction.
struct Markup {
    let source: String

    /// - Parameter source: our own markup, style sheet, script, or JSON that is already escaped; never text of a model.
    init(trusted source: String) { self.source = source }

    static let empty = Markup(trusted: "")

    /// Text content.
    static func text(_ text: String) -> Markup { Markup(trusted: escape(text)) }

    /// Elements that HTML writes without an end tag, and SVG shapes, which mostly have no content.
    private static let selfClosing: Set<String> = [
        "meta", "link", "input", "br", "wbr", "circle", "rect", "line", "path", "polyline", "polygon",
    ]

    static func element(
        _ name: String, _ attributes: KeyValuePairs<String, String> = [:], _ children: [Markup]
    ) -> Markup {
        var source = "<" + name
        for (key, value) in attributes { source += " " + key + "=\"" + escape(value) + "\"" }
        if children.isEmpty && selfClosing.contains(name) { return Markup(trusted: source + "/>") }
        source += ">"
        for child in children { source += child.source }
        return Markup(trusted: source + "</" + name + ">")
    }

    static func element(
        _ name: String, _ attributes: KeyValuePairs<String, String> = [:], _ children: Markup...
    ) -> Markup {
        element(name, attributes, children)
    }

    static func element(_ name: String, _ attributes: KeyValuePairs<String, String> = [:], _ text: String) -> Markup {
        element(name, attributes, [.text(text)])
    }

    /// Escapes for text and for quoted attributes; characters that XML cannot hold become U+FFFD.
    static func escape(_ text: String) -> String {
        var result = ""
        result.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            case "\n", "\t": result.unicodeScalars.append(scalar)
            case "\r": result += "&#13;"
            case "\u{0}"..<"\u{20}", "\u{7F}"..<"\u{A0}", "\u{FFFE}", "\u{FFFF}": result += "\u{FFFD}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

extension [Markup] {
    var joined: Markup { Markup(trusted: map(\.source).joined()) }
}
