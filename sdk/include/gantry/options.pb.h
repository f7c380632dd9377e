// gantry/options.pb.h: empty on purpose. Generated code includes it because a game's .proto imports
// gantry/options.proto; the options matter only while protoc runs, and their own code would need
// the full protobuf run-time, which plugins must not have.
#pragma once
