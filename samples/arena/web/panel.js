// Panel: plugins with version and generation, the swap buttons, what became of a swap, the log.
const POLL_MS = 700;
const LOG_LINES_MAX = 200;
const PLUGIN = "arena";
const byId = (id) => document.getElementById(id);

const OUTCOMES = {
  committed: ["good", "Swapped, nobody was disconnected."],
  refused: ["bad", "Refused before anything changed."],
  rolled_back: ["warn", "Rolled back: the old rules serve on."],
  given_up: ["warn", "Given up: the old rules serve on."],
  running: ["warn", "Still under way."],
};

export function log(text, tone = "") {
  const line = document.createElement("li");
  const time = document.createElement("time");
  time.textContent = new Date().toTimeString().slice(0, 8);
  const words = document.createElement("span");
  words.textContent = text;
  line.append(time, words);
  line.dataset.tone = tone;
  const list = byId("log");
  list.prepend(line);
  while (list.children.length > LOG_LINES_MAX) list.lastChild.remove();
}

export class Panel extends EventTarget {
  #admin;
  #versions = new Map(); // plugin name to "version#generation", to see changes
  #told = new Map(); // ticket to the outcome that was told
  #busy = false;
  #silent = false; // the admin listener did not answer last time

  /** Fires `rules` (detail: version) when the arena's version changed. */
  constructor(admin) {
    super();
    this.#admin = admin;
    for (const button of document.querySelectorAll("#swap-buttons button")) {
      button.addEventListener("click", () => this.#swap(button));
    }
    if (!admin.hasToken) {
      this.#setReport("warn", "No token.", "Open the address that the host printed: it carries the token behind '#'.");
      this.#setButtons("");
      byId("plugins").replaceChildren();
      return;
    }
    this.#poll();
  }

  async #poll() {
    await this.#look();
    setTimeout(() => this.#poll(), POLL_MS);
  }

  async #look() {
    try {
      const [plugins, worlds, swaps] = await Promise.all([
        this.#admin.plugins(), this.#admin.worlds(), this.#admin.swaps(),
      ]);
      this.#showPlugins(plugins);
      this.#showWorld(worlds[0]);
      this.#showLaterOutcomes(swaps);
      if (this.#silent) log("the admin listener answers again", "good");
      this.#silent = false;
    } catch (error) {
      if (!this.#silent) log(`the admin listener: ${error.message}`, "bad");
      this.#silent = true;
    }
  }

  #showPlugins(plugins) {
    const rows = plugins.map((plugin) => {
      const row = document.createElement("tr");
      const now = `${plugin.version}#${plugin.generation}`;
      const changed = this.#versions.has(plugin.name) && this.#versions.get(plugin.name) !== now;
      const first = !this.#versions.has(plugin.name);
      this.#versions.set(plugin.name, now);
      for (const text of [plugin.name, plugin.version, plugin.generation, plugin.state]) {
        const cell = document.createElement("td");
        cell.textContent = text;
        if (changed) cell.className = "changed";
        row.append(cell);
      }
      row.title = [plugin.file, plugin.error].filter(Boolean).join("\n");
      if (plugin.name === PLUGIN) {
        this.#setButtons(plugin.version);
        if (changed || first) this.dispatchEvent(new CustomEvent("rules", { detail: { version: plugin.version, first } }));
      }
      return row;
    });
    // Rows that did not change stay, or the animation of a changed one would be cut off.
    const text = (list) => [...list].map((row) => row.textContent).join("\n");
    if (text(rows) !== text(byId("plugins").children)) byId("plugins").replaceChildren(...rows);
  }

  #showWorld(world) {
    if (!world) return;
    byId("world").textContent =
      `world ${world.name}: ${world.entities} entities, ${world.sessions} sessions, tick ${world.tick}, ` +
      `p99 ${world.tick_ms.p99.toFixed(2)} ms`;
  }

  #setButtons(version) {
    for (const button of document.querySelectorAll("#swap-buttons button")) {
      const current = button.dataset.version === version;
      button.disabled = current || this.#busy || !this.#admin.hasToken;
      button.setAttribute("aria-pressed", String(current));
    }
    this.current = version;
  }

  async #swap(button) {
    const version = button.dataset.version;
    this.#busy = true;
    button.classList.add("busy");
    this.#setButtons(this.current);
    log(`swap to ${PLUGIN}@${version} …`);
    try {
      this.#showReport(await this.#admin.swap(PLUGIN, version));
    } catch (error) {
      this.#setReport("bad", "Refused.", error.message);
      log(`refused: ${error.message}`, "bad");
    }
    button.classList.remove("busy");
    this.#busy = false;
    await this.#look();
    this.#setButtons(this.current);
  }

  #showReport(report) {
    const [tone, headline] = OUTCOMES[report.outcome] ?? ["warn", report.outcome];
    this.#told.set(report.ticket, report.outcome);
    this.#setReport(tone, headline, report.reason, report.steps);
    const words = report.outcome.replace("_", " ");
    const what = report.to ? `${report.from} → ${report.to}` : report.plugin; // refused before it was opened
    log(`${what}: ${words}${report.reason ? `: ${report.reason}` : ""}`, tone);
  }

  /** A swap that was committed may be rolled back later, on probation; others may swap too. */
  #showLaterOutcomes(swaps) {
    const first = this.#told.size === 0;
    for (const report of [...swaps].reverse()) {
      if (report.outcome === "running" || this.#told.get(report.ticket) === report.outcome) continue;
      if (first) this.#told.set(report.ticket, report.outcome);
      else if (!this.#busy) this.#showReport(report);
    }
    if (first) this.#told.set(0, "");
  }

  #setReport(tone, headline, sentence = "", steps = []) {
    const report = byId("report");
    report.hidden = false;
    report.dataset.tone = tone;
    const bold = document.createElement("b");
    bold.textContent = headline;
    const times = document.createElement("div");
    times.className = "steps";
    for (const step of steps) {
      const span = document.createElement("span");
      span.textContent = `${step.name} ${step.ms < 10 ? step.ms.toFixed(2) : Math.round(step.ms)} ms`;
      times.append(span);
    }
    report.replaceChildren(bold, sentence, times);
  }
}
