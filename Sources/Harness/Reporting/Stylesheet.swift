/// The page's style: calm, one column, one accent; Okabe and Ito's colours, darkened where white paper needs it.
enum Stylesheet {
    private static let light = """
        --page:#fbfaf8;--sheet:#ffffff;--ink:#1c1e21;--soft:#585d64;--rule:#e4e1db;--grid:#eceae5;--axis:#8b8f94;
        --link:#00568a;--best:#0072b2;--default:#6a6f75;--before:#b0508a;--good:#007a59;--bad:#b84a00;
        --warn:#8f6200;--none:#4a5a70;--good-wash:#e9f5f0;--bad-wash:#fdf0e7;--warn-wash:#fbf4e2;--none-wash:#eef1f5;
        --pressure:#e69f00;--row:#f6f4f0;--mark:#e8f1f8
        """

    private static let dark = """
        --page:#15171a;--sheet:#1c1f23;--ink:#e8e6e1;--soft:#a9adb3;--rule:#33373d;--grid:#2a2e33;--axis:#80858c;
        --link:#7cc4f0;--best:#56b4e9;--default:#a7abb0;--before:#dd92b8;--good:#3cc39a;--bad:#f08a4b;
        --warn:#e9b33f;--none:#a9b8cc;--good-wash:#16302a;--bad-wash:#372318;--warn-wash:#332a14;--none-wash:#232a33;
        --pressure:#e69f00;--row:#22262b;--mark:#1d3242
        """

    static var source: String {
        """

        :root{color-scheme:light dark;\(light)}
        @media (prefers-color-scheme:dark){:root:not([data-theme=light]){\(dark)}}
        :root[data-theme=light]{color-scheme:light}
        :root[data-theme=dark]{color-scheme:dark;\(dark)}
        \(page)
        \(tables)
        \(charts)
        \(media)
        """
    }

    private static let page = """
        *{box-sizing:border-box}
        [hidden]{display:none!important}
        html{font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Liberation Sans",sans-serif;
        -webkit-text-size-adjust:100%;text-size-adjust:100%;scroll-padding-top:1rem}
        body{margin:0;background:var(--page);color:var(--ink)}
        header,main,footer{max-width:1120px;margin:0 auto;padding:0 2rem}
        header{padding-top:1.6rem}
        .masthead{display:flex;justify-content:space-between;align-items:center;min-height:2.4rem}
        .brand{margin:0;font-size:.8rem;letter-spacing:.14em;text-transform:uppercase;color:var(--soft)}
        h1,h2,.sentence{font-family:Charter,"Bitstream Charter","Iowan Old Style","Source Serif 4","Palatino Linotype",
        Palatino,Georgia,"Liberation Serif",serif;font-weight:600;line-height:1.22;text-wrap:balance;
        overflow-wrap:anywhere}
        h1{font-size:clamp(1.7rem,1.2rem + 2vw,2.5rem);margin:.5rem 0 1rem;letter-spacing:-.01em}
        h2{font-size:1.55rem;margin:0 0 1.1rem}
        h3{font-size:1rem;font-weight:600;margin:1.6rem 0 .35rem;overflow-wrap:anywhere}
        h3.spaced{margin-top:2.6rem}
        p{margin:0 0 .8rem;overflow-wrap:anywhere}
        a{color:var(--link);text-underline-offset:.15em}
        :focus-visible{outline:2px solid var(--link);outline-offset:2px;border-radius:3px}
        .skip{position:absolute;left:-999px}
        .skip:focus{left:1rem;top:1rem;background:var(--sheet);padding:.5rem 1rem;z-index:2}
        .meta{display:flex;flex-wrap:wrap;gap:.4rem 2.2rem;margin:0 0 1.2rem}
        .meta dt{font-size:.78rem;color:var(--soft)}
        .meta dd{margin:0;font-size:.92rem;overflow-wrap:anywhere}
        nav ul{display:flex;flex-wrap:wrap;gap:.2rem 1.4rem;list-style:none;margin:0;padding:.7rem 0;
        border-top:1px solid var(--rule);border-bottom:1px solid var(--rule);font-size:.88rem}
        nav a{text-decoration:none}
        nav a:hover{text-decoration:underline}
        section{margin:3.2rem 0 0}
        .banner{margin-top:1.8rem;padding:1.6rem 1.8rem 1.4rem;border-left:6px solid var(--tone);
        background:var(--wash);border-radius:4px 10px 10px 4px}
        .verdict-improved{--tone:var(--good);--wash:var(--good-wash)}
        .verdict-none{--tone:var(--none);--wash:var(--none-wash)}
        .verdict-inconclusive{--tone:var(--warn);--wash:var(--warn-wash)}
        .verdict-failed{--tone:var(--bad);--wash:var(--bad-wash)}
        .verdict{display:flex;align-items:center;gap:.6rem;margin:0 0 .6rem;color:var(--tone);font-weight:650;
        font-size:1.05rem}
        .icon{flex:none;border-radius:50%;background:var(--tone)}
        .icon path{fill:none;stroke:var(--wash);stroke-width:2.6;stroke-linecap:round;stroke-linejoin:round}
        .sentence{font-size:clamp(1.2rem,1rem + 1vw,1.6rem);line-height:1.36;font-weight:500;margin:0 0 1.3rem;
        max-width:58ch;text-wrap:pretty}
        .tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:1rem 1.6rem;margin:0}
        .tiles dt{font-size:.8rem;color:var(--soft)}
        .tiles dd{margin:0;font-size:1.35rem;font-weight:600;font-variant-numeric:tabular-nums;line-height:1.3}
        .tiles dd.note{font-size:.82rem;font-weight:400;line-height:1.4;overflow-wrap:anywhere}
        .note,.unit{color:var(--soft);font-size:.82rem;font-weight:400}
        .lead{color:var(--soft);font-size:.92rem;max-width:75ch}
        .notice{border-left:3px solid var(--axis);padding:.35rem 0 .35rem .9rem;color:var(--soft);max-width:75ch;
        margin:1rem 0}
        .facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(250px,1fr));gap:.1rem 2.4rem;margin:1rem 0}
        .facts div{display:flex;justify-content:space-between;gap:1rem;padding:.35rem 0;
        border-bottom:1px solid var(--rule);font-size:.88rem}
        .facts dt{color:var(--soft);flex:0 1 auto}
        .facts dd{margin:0;text-align:right;font-variant-numeric:tabular-nums;overflow-wrap:anywhere;min-width:0}
        .absent{color:var(--soft);font-style:italic;font-size:.84rem}
        .cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(290px,1fr));gap:0 2.6rem}
        .cards h3{margin-top:0}
        .card{min-width:0;margin-bottom:1.2rem}
        .card .facts{grid-template-columns:1fr;margin:.4rem 0}
        .gaps{padding-left:1.2rem;margin:.4rem 0;max-width:75ch}
        .gaps li{margin:.25rem 0;overflow-wrap:anywhere}
        .copy{position:relative;margin:.5rem 0 1rem}
        pre{margin:0;padding:.9rem 1rem;padding-right:5.2rem;background:var(--sheet);border:1px solid var(--rule);
        border-radius:6px;overflow-x:auto;
        font:.85rem/1.55 ui-monospace,"SF Mono",Menlo,Consolas,"Liberation Mono",monospace}
        code{font-family:ui-monospace,"SF Mono",Menlo,Consolas,"Liberation Mono",monospace;font-size:.9em}
        pre code{font-size:1em}
        .control,select,input{font:inherit;font-size:.84rem;color:var(--ink);background:var(--sheet);
        border:1px solid var(--axis);border-radius:5px;padding:.25rem .65rem}
        button{cursor:pointer}
        .copy-button{position:absolute;top:.5rem;right:.5rem}
        .controls{display:flex;flex-wrap:wrap;gap:.6rem 1.2rem;align-items:center;margin:0 0 .8rem;font-size:.88rem}
        .controls output{color:var(--soft);font-variant-numeric:tabular-nums}
        .hidden-text{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
        footer{margin-top:4rem;padding-bottom:3rem;color:var(--soft);font-size:.84rem}
        footer p{border-top:1px solid var(--rule);padding-top:1rem}
        """

    private static let tables = """
        .scroll{overflow-x:auto;position:relative;max-width:100%}
        table{border-collapse:collapse;width:100%;font-size:.88rem;font-variant-numeric:tabular-nums}
        th,td{padding:.5rem .9rem .5rem 0;text-align:left;vertical-align:baseline;border-bottom:1px solid var(--rule)}
        thead th{font-weight:600;font-size:.8rem;color:var(--soft);vertical-align:bottom;
        border-bottom:1px solid var(--axis)}
        tbody th{font-weight:500}
        .num{text-align:right}
        td.num{white-space:nowrap}
        th:last-child,td:last-child{padding-right:.2rem}
        .comparison td,.comparison th{vertical-align:middle;padding-right:1.4rem}
        .comparison tbody th{white-space:nowrap}
        .comparison td.num{font-size:.98rem}
        .factor{white-space:nowrap}
        .checks tbody th{white-space:normal;min-width:15rem}
        .checks th .note{display:block}
        .checks td,.checks th{padding-right:1rem}
        .factor svg{vertical-align:middle;margin-left:.8rem}
        .factor-numbers{display:inline-block;min-width:9.2em}
        .factor .note{display:block}
        .configuration th .note{display:block;max-width:46ch}
        .configuration td{white-space:nowrap}
        tr.changed .chosen-value{font-weight:650;color:var(--best)}
        tr.unchanged td{color:var(--soft)}
        .trials th{padding-right:1.1rem}
        .trials td{white-space:nowrap;padding-right:1.1rem;padding-top:.32rem;padding-bottom:.32rem}
        .trials td.reason{min-width:15rem;white-space:normal}
        .trials .state svg{vertical-align:-2px}
        .trials .best-row td{background:var(--mark)}
        .trials .best-row td:first-child{box-shadow:inset 3px 0 var(--best)}
        .trials td:first-child,.trials th:first-child{padding-left:.6rem}
        .trials tbody tr:hover td{background:var(--row)}
        .sort{font:inherit;color:inherit;background:none;border:0;padding:0;text-align:inherit}
        .sort:hover{color:var(--ink)}
        .sort::after{position:absolute;padding-left:.15em}
        [aria-sort=ascending] .sort::after{content:"\\2191"}
        [aria-sort=descending] .sort::after{content:"\\2193"}
        #model>.scroll{max-width:34rem;margin:1.4rem 0}
        details.data{margin-top:.5rem;font-size:.84rem}
        details.data summary{color:var(--soft);cursor:pointer;width:max-content;padding:.15rem 0}
        details.data .scroll{max-height:22rem;overflow:auto;margin-top:.4rem;padding-right:.6rem}
        """

    private static let charts = """
        figure{margin:2rem 0 0;min-width:0}
        figcaption h3{margin:0 0 .15rem}
        figcaption p{color:var(--soft);font-size:.88rem;margin:0 0 .7rem;max-width:82ch}
        figure svg[role=img]{display:block;width:100%;height:auto}
        .on-narrow{display:none}
        .on-wide svg[role=img]{max-width:1060px}
        #model-check .on-wide svg{max-width:700px}
        .legend{display:flex;flex-wrap:wrap;gap:.2rem 1.3rem;list-style:none;margin:0 0 .5rem;padding:0;
        font-size:.84rem;color:var(--soft)}
        .legend li{display:flex;align-items:center;gap:.35rem}
        .multiples{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(300px,100%),1fr));gap:1.8rem 2rem}
        .multiples figure{margin:0;display:flex;flex-direction:column}
        .multiples figcaption{flex:1}
        .multiples h3{font-size:.92rem}
        .multiples figcaption p{font-size:.82rem;line-height:1.45}
        text{fill:var(--ink);font-size:12px}
        .tick,.label,.phase-name{fill:var(--soft)}
        .tick,.tabular{font-variant-numeric:tabular-nums}
        .phase-name{font-style:italic}
        .value{fill:var(--soft);font-size:11.5px}
        .row{font-size:12.5px;paint-order:stroke;stroke:var(--page);stroke-width:4px}
        .value{paint-order:stroke;stroke:var(--page);stroke-width:3px}
        .strong{font-weight:650}
        .grid{stroke:var(--grid);stroke-width:1}
        .axis{stroke:var(--axis);stroke-width:1}
        .phase{stroke:var(--axis);stroke-width:1;stroke-dasharray:2 3}
        .unity{stroke:var(--ink);stroke-width:1.2;stroke-opacity:.75}
        .deviation{stroke:var(--best);stroke-width:1.2;stroke-opacity:.45}
        .limit{stroke:var(--bad);stroke-width:1.5;stroke-dasharray:3 2}
        .interval{stroke:currentColor;stroke-width:2}
        .better{color:var(--good)}
        .worse{color:var(--bad)}
        .same{color:var(--none)}
        .arm-default{color:var(--default)}
        .arm-before{color:var(--before)}
        .arm-best{color:var(--best)}
        .state-succeeded{color:var(--best)}
        .state-infeasible{color:var(--warn)}
        .state-failed{color:var(--bad)}
        .state-unfinished{color:var(--default)}
        .mark{fill:currentColor;stroke:var(--page);stroke-width:1}
        .mark.state-succeeded{fill-opacity:.82}
        .mark.state-failed,.mark.state-infeasible,.mark.state-unfinished{fill:none;stroke:currentColor;stroke-width:1.8}
        .mark.chosen{fill:var(--good);fill-opacity:1;stroke:var(--ink);stroke-width:1.6}
        .bar{fill:currentColor}
        .backdrop{fill:var(--page)}
        .pressure{fill:var(--pressure)}
        .best-line{fill:none;stroke:var(--good);stroke-width:2.2;stroke-linejoin:round}
        .default-line{stroke:var(--default);stroke-width:1.5;stroke-dasharray:5 4}
        .chosen-line{stroke:var(--good);stroke-width:1.5}
        .run-line{fill:none;stroke:currentColor;stroke-width:1.2;stroke-opacity:.5}
        """

    private static let media = """
        @media (max-width:1080px){
        .comparison tbody th{white-space:normal}
        .comparison td,.comparison th{padding-right:.8rem}
        .factor svg{display:block;margin:.1rem 0}
        .factor .note{white-space:normal}
        }
        @media (max-width:680px){
        header,main,footer{padding-left:1rem;padding-right:1rem}
        section{margin-top:2.4rem}
        .banner{padding:1.2rem 1.1rem}
        .tiles{grid-template-columns:1fr 1fr}
        .on-wide{display:none}
        .on-narrow{display:block;max-width:480px}
        .facts{grid-template-columns:1fr}
        .sentence{text-wrap:wrap}
        pre{padding-right:1rem;padding-top:2.8rem;white-space:pre-wrap;overflow-wrap:anywhere}
        .comparison thead,.configuration thead{display:none}
        .comparison,.comparison tbody,.configuration,.configuration tbody{display:block}
        .comparison tr,.configuration tr{display:grid;grid-template-columns:1fr 1fr 1fr;gap:.1rem .8rem;
        padding:.7rem 0;border-bottom:1px solid var(--rule)}
        .comparison th,.comparison td,.configuration th,.configuration td{display:block;border:0;padding:.1rem 0;
        text-align:left}
        .comparison tbody th,.configuration tbody th,.comparison .factor{grid-column:1/-1;white-space:normal}
        .comparison .factor{padding-top:.4rem}
        .comparison .empty,.configuration .empty{display:none}
        [data-label]::before{content:attr(data-label);display:block;font-size:.78rem;font-weight:400;
        color:var(--soft)}
        }
        @media screen and (min-width:1240px){
        #trials .scroll{width:min(1500px,100vw - 4rem);margin-left:calc(50% - min(750px,50vw - 2rem));max-width:none}
        }
        @media (prefers-reduced-motion:no-preference){html{scroll-behavior:smooth}}
        @media print{
        :root,:root[data-theme=dark]{color-scheme:light;\(light)}
        html{font-size:10.5pt}
        body{background:none}
        header,main,footer{max-width:none;padding:0}
        nav,.skip,.control,.controls,details.data{display:none!important}
        section{margin-top:1.6rem}
        figure,.banner,tr,.copy,.card{break-inside:avoid}
        h2,h3,figcaption{break-after:avoid}
        .banner,.bar,.pressure,.best-row td{print-color-adjust:exact;-webkit-print-color-adjust:exact}
        .scroll{overflow:visible}
        .trials{font-size:6pt}
        .trials td,.trials th{padding:.15rem .3rem .15rem 0;white-space:normal}
        .trials thead th{font-size:6pt}
        .trials td.reason{min-width:3.2cm}
        pre{white-space:pre-wrap;overflow-wrap:anywhere;padding-right:1rem}
        .multiples{grid-template-columns:1fr 1fr 1fr}
        }
        """
}
