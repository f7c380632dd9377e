// gantry/cpp/codec.h: how a type travels. gantry/protobuf.h and gantry/flatbuffers.h fill it in.
#pragma once
#include <string>

#include "gantry/types.h"

namespace gantry {

/// The id of a message type; protoc-gen-gantry specialises it from the option in the .proto.
template <class T>
inline constexpr std::uint16_t message_id = 0;

/// Specialised per kind of message:
///     struct Store;                                    what a decoded message lives in
///     static const T* decode(Store&, Bytes);           null when the bytes are no T
///     static bool encode(const T&, std::string& scratch, Bytes& out);
/// `scratch` only ever grows, so that encoding allocates nothing in steady state; `out` lies in it.
template <class T, class Enable = void>
struct Codec;

template <class T>
concept Message_type = requires {
    typename Codec<T>::Store;
};

}  // namespace gantry
