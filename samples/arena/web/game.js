// Game: the player's connection. Counts what proves that a swap costs nobody anything.
import { Flag, decodeError, decodeFrame, encodeFrame } from "./wire.js";
import { decode, encode } from "./proto.js";
import { Id, Message } from "./messages.js";

const PING_EVERY_MS = 1000;
const ANSWER_WITHIN_MS = 5000;
const RETRY_MS_MAX = 5000;

/** Fires: `open`, `lost` (detail: sentence), `welcome`, `state`, `news`, `complaint` (detail: sentence). */
export class Game extends EventTarget {
  received = 0;
  sent = 0;
  /** States that never came, by the gaps in their numbers, and moves that the server never handled. */
  lost = 0;
  disconnects = 0;
  latencyMs = null;
  since = null; // performance.now() of this connection's first frame
  lastState = 0;
  lastStateAt = 0;
  movesSent = 0;
  movesHandled = 0;

  #url;
  #name;
  #socket = null;
  #pending = new Map(); // correlation id to { resolve, reject, timer }
  #correlation = 0;
  #retryMs = 250;
  #movesGivenUp = 0; // counted as lost already

  constructor(url, name) {
    super();
    this.#url = url;
    this.#name = name;
    this.#connect();
    setInterval(() => this.#ping(), PING_EVERY_MS);
  }

  get connected() { return this.since !== null; }

  move(x, y) {
    if (!this.connected) return;
    this.movesSent += 1;
    this.#send(Id.move, { x, y, number: this.movesSent });
  }

  #connect() {
    const socket = new WebSocket(this.#url);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.#join(socket);
    socket.onmessage = (event) => this.#take(event.data);
    socket.onclose = (event) => this.#closed(socket, event);
    this.#socket = socket;
  }

  async #join(socket) {
    try {
      const welcome = await this.#request(Id.join, { name: this.#name }, Id.welcome);
      this.since = performance.now();
      this.#retryMs = 250;
      this.lastState = 0;
      this.movesSent = 0;
      this.movesHandled = 0;
      this.#movesGivenUp = 0;
      this.#fire("open");
      this.#fire("welcome", welcome);
    } catch (error) {
      this.#fire("complaint", `joining failed: ${error.message}`);
      socket.close();
    }
  }

  #closed(socket, event) {
    if (socket !== this.#socket) return;
    for (const { reject, timer } of this.#pending.values()) {
      clearTimeout(timer);
      reject(new Error("the connection closed"));
    }
    this.#pending.clear();
    if (this.connected) {
      this.disconnects += 1;
      this.since = null;
      this.#fire("lost", event.reason || `closed with code ${event.code}`);
    }
    setTimeout(() => this.#connect(), this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MS_MAX);
  }

  #send(id, value, flags = 0, correlation = 0) {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    this.#socket.send(encodeFrame({ id, flags, correlation, payload: encode(Message[id], value) }));
    this.sent += 1;
  }

  /** The decoded answer, which is a message of `answerId`. */
  #request(id, value, answerId) {
    this.#correlation = (this.#correlation + 1) >>> 0 || 1;
    const correlation = this.#correlation;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#pending.delete(correlation);
        reject(new Error("no answer"));
      }, ANSWER_WITHIN_MS);
      this.#pending.set(correlation, { resolve, reject, timer, answerId });
      this.#send(id, value, Flag.request, correlation);
    });
  }

  #take(data) {
    try {
      const frame = decodeFrame(data);
      this.received += 1;
      if (frame.flags & Flag.response) this.#takeAnswer(frame);
      else if (frame.id === Id.state) this.#takeState(decode(Message[Id.state], frame.payload));
      else if (frame.id === Id.news) this.#fire("news", decode(Message[Id.news], frame.payload).text);
    } catch (error) {
      this.#fire("complaint", `the server sent ${error.message}`);
    }
  }

  #takeAnswer(frame) {
    const pending = this.#pending.get(frame.correlation);
    if (!pending) return;
    this.#pending.delete(frame.correlation);
    clearTimeout(pending.timer);
    if (frame.flags & Flag.error) pending.reject(new Error(decodeError(frame.payload).sentence));
    else pending.resolve(decode(Message[pending.answerId], frame.payload));
  }

  #takeState(state) {
    if (this.lastState !== 0 && state.number > this.lastState + 1) this.lost += state.number - this.lastState - 1;
    this.lastState = state.number;
    this.lastStateAt = performance.now();
    this.#fire("state", state);
  }

  async #ping() {
    if (!this.connected) return;
    const started = performance.now();
    const sentBefore = this.movesSent;
    const since = this.since;
    try {
      const pong = await this.#request(Id.ping, { number: this.#correlation }, Id.pong);
      const took = performance.now() - started;
      this.latencyMs = this.latencyMs === null ? took : this.latencyMs * 0.7 + took * 0.3;
      if (since !== this.since) return;
      // Messages of a session keep their order, so the ping was handled behind every move before it.
      this.lost += Math.max(0, sentBefore - pong.moves_handled - this.#movesGivenUp);
      this.#movesGivenUp = Math.max(this.#movesGivenUp, sentBefore - pong.moves_handled);
      this.movesHandled = pong.moves_handled;
    } catch (error) {
      if (this.connected) this.#fire("complaint", `ping: ${error.message}`);
    }
  }

  #fire(type, detail) { this.dispatchEvent(new CustomEvent(type, { detail })); }
}
