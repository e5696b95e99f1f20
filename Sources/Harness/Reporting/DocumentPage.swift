/// The frame of every page: head, masthead, title, facts, contents, banner, sections, embedded data and script.
struct DocumentPage {
    /// Of the window.
    let title: String
    let heading: String
    /// Below the heading: name and value.
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

    /// The opening tag of the embedded data.
    static let dataOpening = "<script type=\"application/json\" id=\"lavoisier-data\">"

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
            .element("link", ["rel": "icon", "href": "data:,"]), .element("title", [:], title),
            .element("style", [:], Markup(trusted: Stylesheet.source)))
    }

    private var header: Markup {
        .element(
            "header", [:],
            .element(
                "div", ["class": "masthead"], .element("p", ["class": "brand"], "Lavoisier"),
                .element(
                    "button", ["type": "button", "id": "theme", "class": "control", "hidden": "hidden"],
                    "Dark or light")),
            .element("h1", [:], heading),
            .element(
                "dl", ["class": "meta"],
                facts.map { .element("div", [:], .element("dt", [:], $0.name), .element("dd", [:], $0.value)) }),
            .element(
                "nav", ["aria-label": "Contents"],
                .element(
                    "ul", [:],
                    sections.map { .element("li", [:], .element("a", ["href": "#" + $0.id], [.text($0.title)])) })))
    }

    static func notice(_ text: String) -> Markup { .element("p", ["class": "notice"], text) }
    static func paragraph(_ text: String) -> Markup { .element("p", ["class": "lead"], text) }

    /// A block of text with a button that copies it.
    static func copyBlock(_ text: String, label: String) -> Markup {
        .element(
            "div", ["class": "copy"],
            .element("pre", ["tabindex": "0", "aria-label": label], .element("code", [:], text)),
            .element(
                "button", ["type": "button", "class": "control copy-button", "hidden": "hidden"],
                .text("Copy"), .element("span", ["class": "hidden-text"], " " + label)))
    }

    static func facts(_ facts: [StudyReport.Fact]) -> Markup {
        .element(
            "dl", ["class": "facts"],
            facts.map { fact in
                .element(
                    "div", [:], .element("dt", [:], fact.name),
                    fact.value.value.map { .element("dd", [:], $0) }
                        ?? .element("dd", ["class": "absent"], "not available: \(fact.value.reason ?? "no reason")"))
            })
    }

    /// The verdict at the top: colour, icon and word, the sentence, and the figures behind it.
    struct Banner {
        let className: String
        let iconPath: String
        let word: String
        let sentence: String
        let tiles: [Tile]

        struct Tile {
            let name: String
            let value: String
            let note: String
        }

        var markup: Markup {
            let icon = Markup.element(
                "svg",
                [
                    "xmlns": "http://www.w3.org/2000/svg", "viewBox": "0 0 24 24", "width": "26", "height": "26",
                    "aria-hidden": "true", "focusable": "false", "class": "icon",
                ], .element("path", ["d": iconPath]))
            return .element(
                "section", ["class": "banner " + className, "aria-label": "Verdict"],
                .element("p", ["class": "verdict"], icon, .text(word)),
                .element("p", ["class": "sentence"], sentence),
                .element(
                    "dl", ["class": "tiles"],
                    tiles.map { tile in
                        .element(
                            "div", [:], .element("dt", [:], tile.name), .element("dd", [:], tile.value),
                            .element("dd", ["class": "note"], tile.note))
                    }))
        }
    }
}
