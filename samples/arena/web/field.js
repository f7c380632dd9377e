// Field: draws the world. Shows it a little late, so that there are always two states to move between.
const SHOW_LATE_MS = 80;
const TRAIL_STEPS = 14;
const SPRITE_PIXELS = 96;
const BODY_UNITS = 90; // radius of a body, in hundredths of a unit
const STILL = matchMedia("(prefers-reduced-motion: reduce)").matches;

export class Field {
  frames = 0; // drawn so far
  #canvas;
  #context;
  #width = 10000;
  #height = 6000;
  #you = 0;
  #before = null; // { at, bodies: Map } states by arrival
  #after = null;
  #trails = new Map();
  #sprites = new Map();
  #ripples = [];
  #shown = new Map();

  constructor(canvas) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d");
    new ResizeObserver(() => this.#resize()).observe(canvas);
    this.#resize();
    requestAnimationFrame((now) => this.#draw(now));
  }

  welcome({ you, width, height }) {
    this.#you = you;
    this.#width = width || this.#width;
    this.#height = height || this.#height;
    this.#before = this.#after = null;
    this.#trails.clear();
  }

  state({ bodies }) {
    this.#before = this.#after;
    this.#after = { at: performance.now(), bodies: new Map(bodies.map((body) => [body.id, body])) };
    for (const id of this.#trails.keys()) if (!this.#after.bodies.has(id)) this.#trails.delete(id);
  }

  /** A wave of light from the middle, for new rules. */
  ripple(color) {
    if (!STILL) this.#ripples.push({ at: performance.now(), color });
  }

  /** The avatar's place in pixels of the page, or null. */
  avatarAt() {
    const body = this.#shown.get(this.#you);
    if (!body) return null;
    const view = this.#view();
    return [view.left + body.x * view.scale, view.top + body.y * view.scale];
  }

  get bodies() { return this.#shown.size; }

  #resize() {
    const ratio = Math.min(devicePixelRatio || 1, 2);
    this.#canvas.width = Math.max(1, Math.round(this.#canvas.clientWidth * ratio));
    this.#canvas.height = Math.max(1, Math.round(this.#canvas.clientHeight * ratio));
  }

  /** The whole world, as large as fits. */
  #view() {
    const width = this.#canvas.clientWidth, height = this.#canvas.clientHeight;
    const scale = Math.min(width / this.#width, height / this.#height) * 0.97;
    return { scale, left: (width - this.#width * scale) / 2, top: (height - this.#height * scale) / 2 };
  }

  #interpolate(now) {
    this.#shown.clear();
    if (!this.#after) return;
    const between = this.#before ? this.#after.at - this.#before.at : 0;
    const part = between > 0 ? Math.min(1.25, Math.max(0, (now - this.#after.at - SHOW_LATE_MS) / between + 1)) : 1;
    for (const [id, body] of this.#after.bodies) {
      const old = this.#before?.bodies.get(id) ?? body;
      const jumped = Math.abs(body.x - old.x) > this.#width / 4 || Math.abs(body.y - old.y) > this.#height / 4;
      const share = jumped ? 1 : part;
      this.#shown.set(id, { ...body, x: old.x + (body.x - old.x) * share, y: old.y + (body.y - old.y) * share });
    }
  }

  #draw(now) {
    requestAnimationFrame((next) => this.#draw(next));
    this.frames += 1;
    this.#interpolate(now);
    const context = this.#context;
    const ratio = this.#canvas.width / Math.max(1, this.#canvas.clientWidth);
    const view = this.#view();
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, this.#canvas.clientWidth, this.#canvas.clientHeight);
    this.#drawGround(context, view);
    this.#drawRipples(context, view, now);
    context.globalCompositeOperation = "lighter";
    for (const body of this.#shown.values()) this.#drawTrail(context, view, body);
    for (const body of this.#shown.values()) this.#drawBody(context, view, body);
    context.globalCompositeOperation = "source-over";
    for (const body of this.#shown.values()) this.#drawSigns(context, view, body, now);
  }

  #drawGround(context, { scale, left, top }) {
    const width = this.#width * scale, height = this.#height * scale;
    context.strokeStyle = "rgb(125 211 252 / 7%)";
    context.lineWidth = 1;
    context.beginPath();
    for (let x = 0; x <= this.#width; x += 500) {
      context.moveTo(left + x * scale, top);
      context.lineTo(left + x * scale, top + height);
    }
    for (let y = 0; y <= this.#height; y += 500) {
      context.moveTo(left, top + y * scale);
      context.lineTo(left + width, top + y * scale);
    }
    context.stroke();
    context.strokeStyle = "rgb(125 211 252 / 28%)";
    context.strokeRect(left, top, width, height);
  }

  #drawRipples(context, { scale, left, top }, now) {
    this.#ripples = this.#ripples.filter((ripple) => now - ripple.at < 1400);
    for (const { at, color } of this.#ripples) {
      const part = Math.max(0, (now - at) / 1400);
      context.strokeStyle = color;
      context.globalAlpha = (1 - part) * 0.7;
      context.lineWidth = 3 + 22 * (1 - part);
      context.beginPath();
      context.arc(left + (this.#width * scale) / 2, top + (this.#height * scale) / 2,
        part * this.#width * scale * 0.75, 0, 2 * Math.PI);
      context.stroke();
      context.globalAlpha = 1;
    }
  }

  /** A glowing disc, painted once for each colour. */
  #sprite(hue, player) {
    const key = hue * 2 + (player ? 1 : 0);
    let sprite = this.#sprites.get(key);
    if (sprite) return sprite;
    sprite = document.createElement("canvas");
    sprite.width = sprite.height = SPRITE_PIXELS;
    const context = sprite.getContext("2d");
    const middle = SPRITE_PIXELS / 2;
    const glow = context.createRadialGradient(middle, middle, 0, middle, middle, middle);
    glow.addColorStop(0, `hsl(${hue} 95% ${player ? 92 : 78}%)`);
    glow.addColorStop(0.28, `hsl(${hue} 90% 62%)`);
    glow.addColorStop(0.36, `hsl(${hue} 90% 50% / 38%)`);
    glow.addColorStop(1, `hsl(${hue} 90% 50% / 0%)`);
    context.fillStyle = glow;
    context.fillRect(0, 0, SPRITE_PIXELS, SPRITE_PIXELS);
    this.#sprites.set(key, sprite);
    return sprite;
  }

  #drawTrail(context, { scale, left, top }, body) {
    if (STILL) return;
    let trail = this.#trails.get(body.id);
    if (!trail) this.#trails.set(body.id, (trail = []));
    const last = trail.at(-1);
    if (last && Math.hypot(last[0] - body.x, last[1] - body.y) > 800) trail.length = 0;
    trail.push([body.x, body.y]);
    if (trail.length > TRAIL_STEPS) trail.shift();
    context.strokeStyle = `hsl(${body.hue} 90% 60% / 22%)`;
    context.lineWidth = Math.max(1, BODY_UNITS * scale * 0.9);
    context.lineCap = "round";
    context.beginPath();
    for (const [x, y] of trail) context.lineTo(left + x * scale, top + y * scale);
    context.stroke();
  }

  #drawBody(context, { scale, left, top }, body) {
    const size = BODY_UNITS * scale * (body.player ? 8 : 6);
    const sprite = this.#sprite(body.hue % 360, body.player);
    context.drawImage(sprite, left + body.x * scale - size / 2, top + body.y * scale - size / 2, size, size);
  }

  /** What stands around a body: energy of rules v2, the player's ring and name. */
  #drawSigns(context, { scale, left, top }, body, now) {
    const x = left + body.x * scale, y = top + body.y * scale;
    const radius = BODY_UNITS * scale * (body.player ? 2.1 : 1.6);
    if (body.energy > 0) {
      context.strokeStyle = `hsl(${body.hue} 85% 75% / 80%)`;
      context.lineWidth = 1.6;
      context.beginPath();
      context.arc(x, y, radius, -Math.PI / 2, -Math.PI / 2 + (Math.min(body.energy, 100) / 100) * 2 * Math.PI);
      context.stroke();
    }
    if (!body.player) return;
    const own = body.id === this.#you;
    if (own) {
      const pulse = STILL ? 0 : Math.sin(now / 300) * 1.5;
      context.strokeStyle = "rgb(255 255 255 / 85%)";
      context.lineWidth = 1.5;
      context.beginPath();
      context.arc(x, y, radius + 4 + pulse, 0, 2 * Math.PI);
      context.stroke();
    }
    context.fillStyle = own ? "#ffffff" : "rgb(226 232 240 / 75%)";
    context.font = "600 12px system-ui, sans-serif";
    context.textAlign = "center";
    const label = body.score ? `${body.name || "somebody"} · ${body.score}` : body.name || "somebody";
    const room = context.measureText(label).width / 2 + 4; // a name stays on the canvas
    const middle = Math.min(Math.max(x, room), this.#canvas.clientWidth - room);
    context.fillText(label, middle, y - radius - 9 < 14 ? y + radius + 18 : y - radius - 9);
  }
}
