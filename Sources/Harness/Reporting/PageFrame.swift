/// The frame that every page has: head with its content security policy, masthead, contents, sections, data, script.
struct PageFrame {
    let documentTitle: String
    let heading: String
    /// Names and values under the heading.
    let facts: [(name: String, value: String)]
    let banner: Markup
    let sections: [Section]
    let footer: String
    /// The embedded data, escaped for a script element.
    let json: String

    struct Section {
        let id: String
        let title: String
        let body: [Markup]
    }

    /// One figure of the banner.
    struct Tile {
        let name: String
        let value: String
        let note: String
    }

    /// The verdict by colour, icon and word; the sentence; and the figures behind it.
    /// - Parameter iconPath: strokes in a box of 24. - Parameter className: of the style sheet's `verdict-`.
    static func banner(word: String, className: String, iconPath: String, sentence: String, tiles: [Tile]) -> Markup {
        let icon = Markup.element(
            "svg",
            [
                "xmlns": "http://www.w3.org/2000/svg", "viewBox": "0 0 24 24", "width": "26", "height": "26",
                "aria-hidden": "true", "focusable": "false", "class": "icon",
            ], .element("path", ["d": iconPath]))
        return .element(
            "section", ["class": "banner " + className, "aria-label": "Verdict"],
            .element("p", ["class": "verdict"], icon, .text(word)), .element("p", ["class": "sentence"], sentence),
            .element(
                "dl", ["class": "tiles"],
                tiles.map { tile in
                    .element(
                        "div", [:], .element("dt", [:], tile.name), .element("dd", [:], tile.value),
                        .element("dd", ["class": "note"], tile.note))
                }))
    }

    var html: String {
        let body = Markup.element(
            "body", [:], .element("a", ["class": "skip", "href": "#main"], "Skip to the report"), header,
            .element(
                "main", ["id": "main"],
                [banner]
                    + sections.map { section in
                        .element(
                            "section", ["id": section.id, "aria-labelledby": section.id + "-heading"],
                            [.element("h2", ["id": section.id + "-heading"], section.title)] + section.body)
                    }), .element("footer", [:], .element("p", [:], footer)),
            .element("script", ["type": "application/json", "id": "lavoisier-data"], Markup(trusted: json)),
            .element("script", [:], Markup(trusted: PageScript.source)))
        return "<!DOCTYPE html>\n"
            + Markup.element("html", ["lang": "en", "xmlns": "http://www.w3.org/1999/xhtml"], head, body).source + "\n"
    }

    private var head: Markup {
        let policy =
            "default-src 'none'; style-src 'unsafe-inline'; script-src '\(PageScript.integrity)'; img-src data:; "
            + "base-uri 'none'; form-action 'none'"
        return .element(
            "head", [:], .element("meta", ["charset": "utf-8"]),
            .element("meta", ["http-equiv": "Content-Security-Policy", "content": policy]),
            .element("meta", ["name": "viewport", "content": "width=device-width, initial-scale=1"]),
            .element("meta", ["name": "color-scheme", "content": "light dark"]),
            .element("link", ["rel": "icon", "href": "data:,"]), .element("title", [:], documentTitle),
            .element("style", [:], Markup(trusted: Stylesheet.source)))
    }

    private var header: Markup {
        .element(
            "header", [:],
            .element(
                "div", ["class": "masthead"], .element("p", ["class": "brand"], "Lavoisier"),
                .element(
                    "button", ["type": "button", "id": "theme", "class": "control", "hidden": "hidden"],
                    "Dark or light")), .element("h1", [:], heading),
            .element(
                "dl", ["class": "meta"],
                facts.map { .element("div", [:], .element("dt", [:], $0.name), .element("dd", [:], $0.value)) }),
            .element(
                "nav", ["aria-label": "Contents"],
                .element(
                    "ul", [:],
                    sections.map { .element("li", [:], .element("a", ["href": "#" + $0.id], [.text($0.title)])) })))
    }
}

/// What stands beside a verdict on every page: strokes in a box of 24.
enum VerdictIcon {
    static let arrowUp = "M12 19V6M6 11.5L12 5.5L18 11.5"
    static let questionMark = "M8.5 9A3.5 3.5 0 1 1 12 12.8V14.5M12 18V18.2"
    static let cross = "M7 7L17 17M17 7L7 17"
    static let arrowDown = "M12 5V18M6 12.5L12 18.5L18 12.5"
    static let equals = "M6 9.5H18M6 14.5H18"
    static let tick = "M6.5 12.5L10.5 16.5L17.5 8"
}
