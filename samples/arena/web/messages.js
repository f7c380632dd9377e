// The arena's messages, as samples/arena/arena.proto has them: ids, fields, types.
export const Id = { join: 1, welcome: 2, move: 3, state: 4, ping: 5, pong: 6, news: 7 };

const Body = {
  1: ["id", "uint32"],
  2: ["x", "sint32"], // hundredths of a unit
  3: ["y", "sint32"],
  4: ["hue", "uint32"], // degrees
  5: ["player", "bool"],
  6: ["name", "string"], // of players only
  7: ["score", "uint32"],
  8: ["energy", "uint32"], // percent; rules v1 know none and leave it 0
};

export const Message = {
  [Id.join]: { 1: ["name", "string"] },
  [Id.welcome]: { 1: ["you", "uint32"], 2: ["width", "sint32"], 3: ["height", "sint32"], 4: ["tick_hz", "uint32"] },
  [Id.move]: { 1: ["x", "sint32"], 2: ["y", "sint32"], 3: ["number", "uint32"] }, // -100 to 100 in each direction
  [Id.state]: { 1: ["number", "uint32"], 2: ["rules", "string"], 3: ["bodies", Body, "repeated"] },
  [Id.ping]: { 1: ["number", "uint32"] },
  [Id.pong]: { 1: ["number", "uint32"], 2: ["moves_handled", "uint32"] },
  [Id.news]: { 1: ["text", "string"] },
};
