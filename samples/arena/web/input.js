// Input: keys, mouse and touch become one direction, each part from -100 to 100.
const KEYS = {
  KeyW: [0, -1], ArrowUp: [0, -1], KeyS: [0, 1], ArrowDown: [0, 1],
  KeyA: [-1, 0], ArrowLeft: [-1, 0], KeyD: [1, 0], ArrowRight: [1, 0],
};
const SEND_EVERY_MS = 50;
const FULL_SPEED_PIXELS = 90; // from the avatar to the pointer

export class Input {
  #pressed = new Set();
  #pointer = null; // [x, y] in pixels of the canvas while pressed
  #last = [0, 0];
  #send;
  #avatarAt;

  /** `avatarAt()` is the avatar's place on the canvas in pixels, or null; `send(x, y)` takes a new direction. */
  constructor(canvas, avatarAt, send) {
    this.#send = send;
    this.#avatarAt = avatarAt;
    addEventListener("keydown", (event) => {
      if (!KEYS[event.code] || event.ctrlKey || event.metaKey || event.altKey) return;
      this.#pressed.add(event.code);
      event.preventDefault();
    });
    addEventListener("keyup", (event) => this.#pressed.delete(event.code));
    addEventListener("blur", () => this.#release());
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.#pointer = [event.offsetX, event.offsetY];
    });
    canvas.addEventListener("pointermove", (event) => {
      if (this.#pointer) this.#pointer = [event.offsetX, event.offsetY];
    });
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => { this.#pointer = null; });
    setInterval(() => this.#tick(), SEND_EVERY_MS);
  }

  #release() {
    this.#pressed.clear();
    this.#pointer = null;
  }

  #direction() {
    let [x, y] = [0, 0];
    for (const code of this.#pressed) {
      x += KEYS[code][0];
      y += KEYS[code][1];
    }
    const avatar = this.#avatarAt();
    let strength = 1;
    if (x === 0 && y === 0 && this.#pointer && avatar) {
      x = this.#pointer[0] - avatar[0];
      y = this.#pointer[1] - avatar[1];
      strength = Math.min(1, Math.hypot(x, y) / FULL_SPEED_PIXELS);
    }
    const length = Math.hypot(x, y);
    if (length < 1e-6 || strength < 0.08) return [0, 0];
    return [Math.round((x / length) * strength * 100), Math.round((y / length) * strength * 100)];
  }

  #tick() {
    const [x, y] = this.#direction();
    if (x === this.#last[0] && y === this.#last[1]) return;
    this.#last = [x, y];
    this.#send(x, y);
  }
}
