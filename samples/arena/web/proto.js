// The part of protobuf's wire format (proto3) that the arena needs, driven by small tables.
//
// A message is { field number: [name, type] } or [name, type, "repeated"]; a type is a word below or another such table.
const VARINT = 0, FIXED64 = 1, LENGTH = 2, FIXED32 = 5;
const WIRE = { uint32: VARINT, int32: VARINT, sint32: VARINT, bool: VARINT, float: FIXED32, string: LENGTH };
const utf8Out = new TextEncoder();
const utf8In = new TextDecoder();

class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  get more() { return this.at < this.bytes.length; }

  /** Up to ten bytes; what is above 32 bits is dropped, as protobuf does for its 32-bit types. */
  varint() {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (!this.more) throw new Error("a number that ends early");
      const byte = this.bytes[this.at++];
      if (shift < 32) value = (value | ((byte & 0x7f) << shift)) >>> 0;
      if (byte < 0x80) return value;
    }
    throw new Error("a number without an end");
  }

  take(count) {
    if (count > this.bytes.length - this.at) throw new Error("a field that ends early");
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }

  skip(wire) {
    if (wire === VARINT) this.varint();
    else if (wire === FIXED64) this.take(8);
    else if (wire === LENGTH) this.take(this.varint());
    else if (wire === FIXED32) this.take(4);
    else throw new Error(`wire type ${wire}`);
  }

  value(type) {
    switch (type) {
      case "uint32": return this.varint();
      case "int32": return this.varint() | 0;
      case "sint32": { const n = this.varint(); return (n >>> 1) ^ -(n & 1); }
      case "bool": return this.varint() !== 0;
      case "float": { const at = this.at; this.take(4); return this.view.getFloat32(at, true); }
      case "string": return utf8In.decode(this.take(this.varint()));
      default: return decode(type, this.take(this.varint()));
    }
  }
}

function preset(type, repeated) {
  if (repeated) return [];
  if (type === "string") return "";
  if (type === "bool") return false;
  return typeof type === "string" ? 0 : null;
}

export function decode(message, bytes) {
  const out = {};
  for (const [name, type, repeated] of Object.values(message)) out[name] = preset(type, repeated);
  const reader = new Reader(bytes);
  while (reader.more) {
    const tag = reader.varint();
    const wire = tag & 7;
    const field = message[tag >>> 3];
    if (!field) { reader.skip(wire); continue; } // of a newer server
    const [name, type, repeated] = field;
    const own = WIRE[type] ?? LENGTH;
    if (repeated && wire === LENGTH && own !== LENGTH) {
      const packed = new Reader(reader.take(reader.varint()));
      while (packed.more) out[name].push(packed.value(type));
    } else if (wire !== own) {
      reader.skip(wire);
    } else if (repeated) {
      out[name].push(reader.value(type));
    } else {
      out[name] = reader.value(type);
    }
  }
  return out;
}

function writeVarint(out, value) {
  value >>>= 0;
  while (value >= 0x80) {
    out.push((value & 0x7f) | 0x80);
    value >>>= 7;
  }
  out.push(value);
}

function writeValue(out, type, value) {
  if (type === "sint32") return writeVarint(out, (value << 1) ^ (value >> 31));
  if (type === "bool") return writeVarint(out, value ? 1 : 0);
  if (type === "float") return out.push(...new Uint8Array(new Float32Array([value]).buffer));
  if (type === "int32" && value < 0) { // ten bytes: protobuf extends the sign to 64 bits
    for (let i = 0; i < 4; ++i) { out.push((value & 0x7f) | 0x80); value >>= 7; }
    return out.push((value & 0x0f) | 0xf0, 0xff, 0xff, 0xff, 0xff, 0x01);
  }
  if (type === "string" || typeof type === "object") {
    const bytes = type === "string" ? utf8Out.encode(value) : encode(type, value);
    writeVarint(out, bytes.length);
    return out.push(...bytes);
  }
  return writeVarint(out, value);
}

/** Fields that are absent or have their default are left out. Repeated fields are not sent by this client. */
export function encode(message, value) {
  const out = [];
  for (const [number, [name, type]] of Object.entries(message)) {
    const field = value[name];
    if (field === undefined || field === preset(type, false)) continue;
    writeVarint(out, (Number(number) << 3) | (WIRE[type] ?? LENGTH));
    writeValue(out, type, field);
  }
  return Uint8Array.from(out);
}
