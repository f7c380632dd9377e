// Frames as proto/README.md lays them out: 12 bytes of header, little endian, then the payload.
export const HEADER_BYTES = 12;
export const Flag = { request: 1, response: 2, error: 4, echo: 8 };

export function encodeFrame({ id, flags = 0, channel = 0, correlation = 0, payload }) {
  const frame = new Uint8Array(HEADER_BYTES + payload.length);
  const view = new DataView(frame.buffer);
  view.setUint32(0, payload.length, true);
  view.setUint16(4, id, true);
  view.setUint8(6, flags);
  view.setUint8(7, channel);
  view.setUint32(8, correlation, true);
  frame.set(payload, HEADER_BYTES);
  return frame;
}

/** One WebSocket message is one frame; anything else is an error of the server. */
export function decodeFrame(buffer) {
  if (buffer.byteLength < HEADER_BYTES) throw new Error(`a frame of ${buffer.byteLength} bytes`);
  const view = new DataView(buffer);
  const payload = new Uint8Array(buffer, HEADER_BYTES);
  if (view.getUint32(0, true) !== payload.length) throw new Error("a frame that lies about its length");
  return {
    id: view.getUint16(4, true),
    flags: view.getUint8(6),
    channel: view.getUint8(7),
    correlation: view.getUint32(8, true),
    payload,
  };
}

/** The payload of an error reply: u16 status and a sentence. */
export function decodeError(payload) {
  if (payload.length < 2) return { status: 0, sentence: "an error without a status" };
  const status = payload[0] | (payload[1] << 8);
  return { status, sentence: new TextDecoder().decode(payload.subarray(2)) };
}
