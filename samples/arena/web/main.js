// The page's beginning: reads where the game is, connects, and keeps the bar up to date.
import { Admin, takeToken } from "./admin.js";
import { Field } from "./field.js";
import { Game } from "./game.js";
import { Input } from "./input.js";
import { Panel, log } from "./panel.js";

const byId = (id) => document.getElementById(id);
const NAMES = ["Ada", "Bo", "Cleo", "Dax", "Edda", "Finn", "Gus", "Hana", "Ivo", "Juno", "Kit", "Lin", "Mio", "Nox", "Oda"];

/** The first WebSocket listener of /config.json, at the address where this page came from. */
async function gameUrl() {
  const config = await (await fetch("/config.json", { cache: "no-store" })).json();
  const listener = config.listeners?.find((one) => one.transport === "ws");
  if (!listener) throw new Error("this host has no WebSocket listener");
  return `ws://${location.hostname}:${listener.port}${listener.path ?? "/"}`;
}

function uptime(game) {
  if (!game.connected) return "0:00";
  const seconds = Math.floor((performance.now() - game.since) / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

function proof(element, count) {
  element.textContent = count;
  element.classList.toggle("wrong", count > 0);
}

function keepBar(game, field) {
  let frames = 0, since = performance.now();
  setInterval(() => {
    byId("uptime").textContent = uptime(game);
    byId("received").textContent = game.received.toLocaleString("en");
    byId("sent").textContent = game.sent.toLocaleString("en");
    proof(byId("lost"), game.lost);
    proof(byId("disconnects"), game.disconnects);
    byId("latency").textContent = game.latencyMs === null ? "–" : `${game.latencyMs.toFixed(1)} ms`;
    const now = performance.now();
    byId("fps").textContent = Math.round(((field.frames - frames) * 1000) / (now - since));
    [frames, since] = [field.frames, now];
  }, 500);
}

function setBadge(state, text) {
  byId("badge").dataset.state = state;
  byId("badge-text").textContent = text;
}

function announce(text) {
  const element = byId("announce");
  element.textContent = text;
  element.classList.remove("show");
  void element.offsetWidth; // begin the animation again
  element.classList.add("show");
}

function followGame(game, field) {
  game.addEventListener("open", () => {
    setBadge("connected", "connected");
    log("connected", "good");
  });
  game.addEventListener("lost", ({ detail }) => {
    setBadge("lost", "disconnected");
    log(`disconnected: ${detail}`, "bad");
  });
  game.addEventListener("complaint", ({ detail }) => log(detail, "warn"));
  game.addEventListener("news", ({ detail }) => log(detail));
  game.addEventListener("welcome", ({ detail }) => field.welcome(detail));
  game.addEventListener("state", ({ detail }) => {
    field.state(detail);
    if (byId("rules").textContent !== detail.rules) byId("rules").textContent = detail.rules;
  });
}

function followRules(panel, field) {
  panel.addEventListener("rules", ({ detail: { version, first } }) => {
    const major = version.split(".")[0];
    document.documentElement.dataset.rules = major;
    if (first) return;
    field.ripple(getComputedStyle(document.documentElement).getPropertyValue("--accent"));
    announce(`Rules v${major}`);
    log(`the arena now runs ${version}, on the same connection`, "good");
  });
}

async function begin() {
  const field = new Field(byId("field"));
  const panel = new Panel(new Admin(takeToken()));
  followRules(panel, field);
  const name = NAMES[Math.floor(Math.random() * NAMES.length)];
  const game = new Game(await gameUrl(), name);
  followGame(game, field);
  new Input(byId("field"), () => field.avatarAt(), (x, y) => {
    game.move(x, y);
    byId("hint").classList.add("gone");
  });
  keepBar(game, field);
  // What a test wants to know, in one place.
  globalThis.arena = {
    snapshot: () => ({
      connected: game.connected, received: game.received, sent: game.sent, lost: game.lost,
      disconnects: game.disconnects, state: game.lastState, frames: field.frames, bodies: field.bodies,
      movesSent: game.movesSent, movesHandled: game.movesHandled, avatar: field.avatarAt(),
      rules: byId("rules").textContent, version: panel.current ?? "",
    }),
  };
}

begin().catch((error) => {
  setBadge("lost", "cannot start");
  log(`cannot start: ${error.message}`, "bad");
});
