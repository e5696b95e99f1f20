/// The shapes of points: every series differs in shape as well as in colour.
enum Marker {
    case circle, square, diamond, triangle, cross

    /// A path centred on (x, y) that looks as large as a circle of `radius`.
    func path(_ x: Double, _ y: Double, radius r: Double) -> String {
        func point(_ dx: Double, _ dy: Double) -> String {
            NumberText.coordinate(x + dx * r) + " " + NumberText.coordinate(y + dy * r)
        }
        switch self {
        case .circle:
            let radius = NumberText.coordinate(r)
            let arc = "A\(radius) \(radius) 0 1 1 "
            return "M" + point(-1, 0) + arc + point(1, 0) + arc + point(-1, 0) + "Z"
        case .square:
            return "M" + point(-0.9, -0.9) + "L" + point(0.9, -0.9) + "L" + point(0.9, 0.9) + "L" + point(-0.9, 0.9)
                + "Z"
        case .diamond:
            return "M" + point(0, -1.3) + "L" + point(1.3, 0) + "L" + point(0, 1.3) + "L" + point(-1.3, 0) + "Z"
        case .triangle: return "M" + point(0, -1.2) + "L" + point(1.15, 0.9) + "L" + point(-1.15, 0.9) + "Z"
        case .cross: return "M" + point(-1, -1) + "L" + point(1, 1) + "M" + point(-1, 1) + "L" + point(1, -1)
        }
    }
}

/// A chart being drawn: its size, the margins of its plot area, and its elements so far.
struct PlotFrame {
    let width: Double
    let height: Double
    let left: Double
    let right: Double
    let top: Double
    let bottom: Double
    private(set) var elements: [Markup] = []

    init(width: Double, height: Double, left: Double, right: Double, top: Double, bottom: Double) {
        self.width = width
        self.height = height
        self.left = left
        self.right = width - right
        self.top = top
        self.bottom = height - bottom
    }

    mutating func add(_ element: Markup) { elements.append(element) }

    mutating func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ className: String) {
        add(
            .element(
                "line",
                [
                    "class": className, "x1": NumberText.coordinate(x1), "y1": NumberText.coordinate(y1),
                    "x2": NumberText.coordinate(x2), "y2": NumberText.coordinate(y2),
                ]))
    }

    mutating func rectangle(
        _ x: Double, _ y: Double, _ width: Double, _ height: Double, _ className: String, opacity: Double? = nil,
        tip: String? = nil
    ) {
        let opacity = opacity.map { NumberText.coordinate($0) } ?? "1"
        add(
            .element(
                "rect",
                [
                    "class": className, "x": NumberText.coordinate(x), "y": NumberText.coordinate(y),
                    "width": NumberText.coordinate(max(width, 0)), "height": NumberText.coordinate(max(height, 0)),
                    "fill-opacity": opacity,
                ], tip.map { [.element("title", [:], $0)] } ?? []))
    }

    /// - Parameter anchor: `start`, `middle` or `end`.
    mutating func text(
        _ text: String, _ x: Double, _ y: Double, _ className: String = "tick", anchor: String = "start"
    ) {
        add(
            .element(
                "text",
                [
                    "class": className, "x": NumberText.coordinate(x), "y": NumberText.coordinate(y),
                    "text-anchor": anchor,
                ], text))
    }

    mutating func marker(
        _ marker: Marker, _ x: Double, _ y: Double, radius: Double = 4, _ className: String, tip: String? = nil
    ) {
        add(
            .element(
                "path", ["class": "mark " + className, "d": marker.path(x, y, radius: radius)],
                tip.map { [.element("title", [:], $0)] } ?? []))
    }

    mutating func polyline(_ points: [(x: Double, y: Double)], _ className: String) {
        guard points.count > 1 else { return }
        let path = points.enumerated().map {
            ($0.offset == 0 ? "M" : "L") + NumberText.coordinate($0.element.x) + " "
                + NumberText.coordinate($0.element.y)
        }
        add(.element("path", ["class": className, "d": path.joined()]))
    }

    /// Grid lines and labels along the bottom, and the axis' title below them.
    mutating func horizontalAxis(_ scale: AxisScale, _ ticks: [AxisScale.Tick], title: String, grid: Bool = true) {
        for tick in ticks {
            let x = scale.position(tick.value)
            if grid { line(x, top, x, bottom, "grid") }
            line(x, bottom, x, bottom + 4, "axis")
            text(tick.label, x, bottom + 17, anchor: "middle")
        }
        line(left, bottom, right, bottom, "axis")
        text(title, (left + right) / 2, bottom + 35, "label", anchor: "middle")
    }

    /// Grid lines and labels along the left side, and the axis' title above them.
    mutating func verticalAxis(_ scale: AxisScale, _ ticks: [AxisScale.Tick], title: String) {
        for tick in ticks {
            let y = scale.position(tick.value)
            line(left, y, right, y, "grid")
            text(tick.label, left - 7, y + 4, anchor: "end")
        }
        text(title, 0, 12, "label")
    }

    /// The finished drawing.
    /// - Parameter id: unique on the page.
    func svg(id: String, title: String, description: String) -> Markup {
        let size = NumberText.coordinate(width) + " " + NumberText.coordinate(height)
        return .element(
            "svg",
            [
                "xmlns": "http://www.w3.org/2000/svg", "viewBox": "0 0 " + size, "width": NumberText.coordinate(width),
                "height": NumberText.coordinate(height), "role": "img", "aria-labelledby": "\(id)-title \(id)-desc",
            ],
            [.element("title", ["id": "\(id)-title"], title), .element("desc", ["id": "\(id)-desc"], description)]
                + elements)
    }

    /// The drawing as an ornament beside text that says the same.
    var decoration: Markup {
        .element(
            "svg",
            [
                "xmlns": "http://www.w3.org/2000/svg",
                "viewBox": "0 0 " + NumberText.coordinate(width) + " " + NumberText.coordinate(height),
                "width": NumberText.coordinate(width), "height": NumberText.coordinate(height), "aria-hidden": "true",
                "focusable": "false",
            ], elements)
    }

    /// Room for the longest of `labels` in the tick font, which is 12 px.
    static func labelWidth(_ labels: some Sequence<String>) -> Double {
        Double(labels.map(\.count).max() ?? 0) * 7.2 + 12
    }
}
