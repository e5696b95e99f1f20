/// A plain table of text; numbers stand right-aligned.
struct DataTable {
    struct Column {
        let heading: String
        let isNumeric: Bool

        static func text(_ heading: String) -> Column { Column(heading: heading, isNumeric: false) }
        static func number(_ heading: String) -> Column { Column(heading: heading, isNumeric: true) }
    }

    let caption: String
    let columns: [Column]
    let rows: [[String]]

    /// In a box that scrolls by itself, so that the page never scrolls sideways.
    var markup: Markup {
        let head = columns.map {
            Markup.element("th", ["scope": "col", "class": $0.isNumeric ? "num" : "txt"], $0.heading)
        }
        let body = rows.map { row in
            Markup.element(
                "tr", [:],
                zip(columns, row).map { Markup.element("td", ["class": $0.isNumeric ? "num" : "txt"], $1) })
        }
        return Self.scrolling(
            caption,
            .element(
                "table", [:], .element("caption", ["class": "hidden-text"], caption),
                .element("thead", [:], .element("tr", [:], head)), .element("tbody", [:], body)))
    }

    /// The table behind a chart, folded.
    var folded: Markup {
        .element("details", ["class": "data"], .element("summary", [:], "Data of this chart"), markup)
    }

    static func scrolling(_ label: String, _ content: Markup) -> Markup {
        .element("div", ["class": "scroll", "tabindex": "0", "role": "region", "aria-label": label], content)
    }
}

/// A chart in its place on the page: heading, one sentence, legend, drawing for wide and narrow screens, data.
struct Figure {
    let id: String
    let heading: String
    let lead: String
    var legend: [Markup] = []
    let table: DataTable
    /// Draws for a width in CSS pixels and an id.
    let draw: (_ width: Double, _ id: String) -> Markup

    static let wide = 920.0
    static let narrow = 344.0

    var markup: Markup {
        .element(
            "figure", ["id": id], .element("figcaption", [:], .element("h3", [:], heading), .element("p", [:], lead)),
            legend.isEmpty ? .empty : .element("ul", ["class": "legend"], legend),
            .element("div", ["class": "on-wide"], draw(Self.wide, id + "-wide")),
            .element("div", ["class": "on-narrow"], draw(Self.narrow, id + "-narrow")), table.folded)
    }

    static func legendItem(_ marker: Marker, _ className: String, _ name: String) -> Markup {
        var frame = PlotFrame(width: 16, height: 16, left: 0, right: 0, top: 0, bottom: 0)
        frame.marker(marker, 8, 8, radius: 4.5, className)
        return legendItem(frame, name)
    }

    static func legendLine(_ className: String, _ name: String) -> Markup {
        var frame = PlotFrame(width: 24, height: 16, left: 0, right: 0, top: 0, bottom: 0)
        frame.line(1, 8, 23, 8, className)
        return legendItem(frame, name)
    }

    static func legendItem(_ frame: PlotFrame, _ name: String) -> Markup {
        .element("li", [:], frame.decoration, .text(name))
    }
}
