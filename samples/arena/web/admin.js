// Admin: asks the host's admin listener, with the token that came in the address behind '#'.
const TOKEN_KEY = "gantry-token";
const ANSWER_WITHIN_MS = 70000; // the host itself answers a long swap sooner

/** Takes the token out of the address, so that a copied link or a screenshot does not give it away. */
export function takeToken() {
  const found = new URLSearchParams(location.hash.slice(1)).get("token");
  if (found) {
    sessionStorage.setItem(TOKEN_KEY, found);
    history.replaceState(null, "", location.pathname + location.search);
  }
  return found ?? sessionStorage.getItem(TOKEN_KEY) ?? "";
}

export class Admin {
  #token;
  constructor(token) { this.#token = token; }
  get hasToken() { return this.#token !== ""; }

  plugins() { return this.#ask("/api/plugins").then((answer) => answer.plugins); }
  worlds() { return this.#ask("/api/worlds").then((answer) => answer.worlds); }
  swaps() { return this.#ask("/api/swaps").then((answer) => answer.swaps); }
  /** A probation that is under way ends first. */
  swap(plugin, version) { return this.#ask("/api/swap", { plugin, version, settle: true }); }

  /** The answer's JSON; an Error with the host's sentence when it refused. */
  async #ask(path, body) {
    const headers = { Authorization: `Bearer ${this.#token}` };
    const options = { headers, cache: "no-store", signal: AbortSignal.timeout(ANSWER_WITHIN_MS) };
    if (body) {
      headers["Content-Type"] = "application/json";
      options.method = "POST";
      options.body = JSON.stringify(body);
    }
    const response = await fetch(path, options);
    const answer = await response.json().catch(() => ({}));
    if (!response.ok) throw new Error(answer.error ?? `the host answered ${response.status}`);
    return answer;
  }
}
