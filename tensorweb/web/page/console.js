// @ts-check
/** The console: lines of text with the few control characters that progress bars use, drawn once a frame however much is printed. */

const LINES = 2000; // of them the last are kept

export class Console {
  /** @param {HTMLElement} element */
  constructor(element) {
    this.element = element;
    this.clear();
  }

  clear() {
    /** @type {{kind: string, text: string, column: number, drawn?: HTMLElement}[]} */ this.lines = [];
    this.element.replaceChildren();
  }

  /**
   * Write text; "\r" and "\b" move back in the line, colours are left out.
   * @param {string} kind a CSS class: stdout, stderr, note @param {string} text
   */
  write(kind, text) {
    for (const part of text.replace(/\x1b\[[0-9;]*[A-Za-z]/g, "").split(/([\n\r]|\x08+)/)) {
      const line = this.lines.at(-1);
      if (part === "\n") {
        if (line && line.column >= 0) line.column = -1; // the next text begins a line of its own
        else this.lines.push({ kind, text: "", column: -1 });
      } else if (part === "\r") {
        if (line && line.column > 0) line.column = 0;
      } else if (part.startsWith("\b")) {
        if (line) line.column = Math.max(0, line.column - part.length);
      } else if (part) {
        this.put(kind, part);
      }
    }
    this.draw();
  }

  /** @param {string} kind @param {string} part */
  put(kind, part) {
    let line = this.lines.at(-1);
    if (!line || line.column < 0 || line.kind !== kind) {
      line = { kind, text: "", column: 0 };
      this.lines.push(line);
    }
    line.text = line.text.slice(0, line.column) + part + line.text.slice(line.column + part.length);
    line.column += part.length;
    if (line.drawn) line.drawn.textContent = line.text;
  }

  draw() {
    if (this.waiting) return;
    this.waiting = requestAnimationFrame(() => {
      this.waiting = 0;
      const { element } = this;
      const atEnd = element.scrollHeight - element.scrollTop - element.clientHeight < 40;
      for (const line of this.lines.splice(0, Math.max(0, this.lines.length - LINES))) line.drawn?.remove();
      for (const line of this.lines) {
        if (line.drawn) continue;
        line.drawn = document.createElement("div");
        line.drawn.className = line.kind;
        line.drawn.textContent = line.text;
        element.append(line.drawn);
      }
      if (atEnd) element.scrollTop = element.scrollHeight;
    });
  }
}
