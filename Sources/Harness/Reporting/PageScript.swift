/// The page's script: theme, copy buttons, sorting and filtering of the trials. The page is complete without it.
enum PageScript {
    /// Neither `<` nor `&` occurs, so that the page stays well-formed XML.
    static let source = #"""

        (function () {
        'use strict';
        var root = document.documentElement;
        function byId(id) { return document.getElementById(id); }
        function each(selector, action) { document.querySelectorAll(selector).forEach(action); }

        var theme = byId('theme');
        theme.hidden = false;
        theme.addEventListener('click', function () {
          var system = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
          root.dataset.theme = (root.dataset.theme || system) === 'dark' ? 'light' : 'dark';
        });

        function copied(button, ok) {
          var label = button.firstChild;
          label.data = ok ? 'Copied' : 'Press Ctrl+C';
          setTimeout(function () { label.data = 'Copy'; }, 2000);
        }
        each('.copy-button', function (button) {
          button.hidden = false;
          button.addEventListener('click', function () {
            var block = button.parentNode.querySelector('code');
            function select() {
              getSelection().selectAllChildren(block);
              copied(button, false);
            }
            if (navigator.clipboard) {
              navigator.clipboard.writeText(block.textContent).then(function () { copied(button, true); }, select);
            } else { select(); }
          });
        });

        function key(row, column) {
          var cell = row.cells[column];
          return cell.dataset.value === undefined ? cell.textContent : Number(cell.dataset.value);
        }
        function compare(a, b, sign) {
          var x = typeof a === 'number', y = typeof b === 'number';
          if (x ? y : false) { return sign * (a - b); }
          if (x !== y) { return x ? -1 : 1; }
          return a === b ? 0 : a > b ? sign : -sign;
        }
        var table = byId('trial-table');
        if (table) {
          var body = table.tBodies[0], heads = Array.from(table.tHead.rows[0].cells), rows = Array.from(body.rows);
          heads.forEach(function (head, column) {
            var button = document.createElement('button');
            button.type = 'button';
            button.className = 'sort';
            button.textContent = head.textContent;
            head.replaceChildren(button);
            button.addEventListener('click', function () {
              var down = head.getAttribute('aria-sort') === 'ascending';
              heads.forEach(function (other) { other.setAttribute('aria-sort', 'none'); });
              head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
              Array.from(rows).sort(function (a, b) {
                return compare(key(a, column), key(b, column), down ? -1 : 1);
              }).forEach(function (row) { body.append(row); });
            });
          });
          var text = byId('trial-text'), state = byId('trial-state'), count = byId('trial-count');
          var filter = function () {
            var wanted = text.value.trim().toLowerCase(), shown = 0;
            rows.forEach(function (row) {
              var fits = row.textContent.toLowerCase().includes(wanted);
              if (state.value) { fits = row.dataset.state === state.value ? fits : false; }
              row.hidden = !fits;
              shown += fits ? 1 : 0;
            });
            count.textContent = shown + ' of ' + rows.length;
          };
          text.addEventListener('input', filter);
          state.addEventListener('change', filter);
          byId('trial-controls').hidden = false;
        }
        })();

        """#

    /// SHA-256 of `source` for the content security policy; a test prints the right one when the script changes.
    static let integrity = "sha256-dEr95uCwN/YVuokcAPofsuJ/GZ9p/rBzIgngAzZsSh8="
}
