// @ts-check
/** The editor: a plain text area that indents, with line numbers. Escape lets the next Tab leave it, for those who use no mouse. */

const SAMPLE = `import tensorweb as tw

model = tw.Sequential([tw.layers.Dense(units=1, input_shape=[1])])
model.compile(loss="mean_squared_error", optimizer="sgd")
xs, ys = tw.tensor([[1.0], [2.0], [3.0], [4.0]]), tw.tensor([[1.0], [3.0], [5.0], [7.0]])
model.fit(xs, ys, epochs=200, verbose=0)
print(model.predict(tw.tensor([[5.0]]), verbose=0))
`;
const KEPT = "tensorweb playground";

export class Editor {
  /** @param {HTMLTextAreaElement} area @param {HTMLElement} numbers @param {() => void} run */
  constructor(area, numbers, run) {
    this.area = area;
    this.numbers = numbers;
    this.run = run;
    this.leaves = this.keeps = false;
    area.addEventListener("keydown", (event) => this.key(event));
    area.addEventListener("input", () => this.changed());
    area.addEventListener("scroll", () => (numbers.scrollTop = area.scrollTop));
  }

  /** Open the playground's program: what was written here last, or a sample. */
  openPlayground() {
    this.keeps = true;
    let text = null;
    try {
      text = localStorage.getItem(KEPT);
    } catch {} // a browser may forbid storage
    this.open(text || SAMPLE);
  }

  /** @param {string} text */
  open(text) {
    this.area.value = text;
    this.changed();
  }

  changed() {
    this.mark(null);
    if (!this.keeps) return;
    try {
      localStorage.setItem(KEPT, this.area.value);
    } catch {}
  }

  /**
   * Number the lines, and mark the one where the program failed.
   * @param {number | null} line
   */
  mark(line) {
    const count = this.area.value.split("\n").length;
    const numbers = Array.from({ length: count }, (_, i) => String(i + 1));
    if (line === null || line > count) return void (this.numbers.textContent = numbers.join("\n") + "\n\n");
    const marked = document.createElement("span");
    marked.className = "wrong";
    marked.textContent = String(line);
    const before = numbers.slice(0, line - 1).map((n) => `${n}\n`);
    const after = numbers.slice(line).map((n) => `\n${n}`);
    this.numbers.replaceChildren(before.join(""), marked, after.join("") + "\n\n");
    const y = (line - 1) * 20;
    if (y < this.area.scrollTop || y > this.area.scrollTop + this.area.clientHeight - 40) this.area.scrollTop = Math.max(0, y - 80);
    this.numbers.scrollTop = this.area.scrollTop;
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const { area } = this;
    const begin = area.value.lastIndexOf("\n", area.selectionStart - 1) + 1;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      this.run();
    } else if (event.key === "Escape") {
      this.leaves = true;
      return;
    } else if (event.key === "Tab" && !this.leaves) {
      this.indent(begin, event.shiftKey);
    } else if (event.key === "Enter" && !event.shiftKey) {
      const line = area.value.slice(begin, area.selectionStart);
      const deeper = /:\s*(#.*)?$/.test(line) ? "    " : "";
      area.setRangeText("\n" + (/^[ \t]*/.exec(line)?.[0] ?? "") + deeper, area.selectionStart, area.selectionEnd, "end");
    } else {
      this.leaves = false;
      return;
    }
    event.preventDefault();
    this.changed();
  }

  /**
   * Indent, or with Shift the other way: the cursor's place, or all lines of a selection.
   * @param {number} begin @param {boolean} back
   */
  indent(begin, back) {
    const { area } = this;
    if (!back && area.selectionStart === area.selectionEnd) {
      area.setRangeText(" ".repeat(4 - ((area.selectionStart - begin) % 4)), area.selectionStart, area.selectionEnd, "end");
      return;
    }
    const lines = area.value.slice(begin, area.selectionEnd);
    const moved = back ? lines.replace(/^ {1,4}/gm, "") : lines.replace(/^(?=.)/gm, "    ");
    area.setRangeText(moved, begin, area.selectionEnd, area.selectionStart === area.selectionEnd ? "end" : "select");
  }
}
