// gantry/protobuf.h: protobuf messages as handler arguments: on<Move>(…), send(to, reply).
#pragma once
#include <google/protobuf/message_lite.h>

#include <limits>
#include <string>
#include <type_traits>

#include "gantry/cpp/codec.h"

namespace gantry {

/// A decoded message is kept by its handler and parsed into again, so that steady traffic allocates
/// nothing. Depth of nesting is limited by protobuf itself (100).
template <class T>
struct Codec<T, std::enable_if_t<std::is_base_of_v<google::protobuf::MessageLite, T>>> {
    using Store = T;

    static std::string name() { return T::default_instance().GetTypeName(); }
    static const T* decode(Store& store, Bytes bytes) {
        return store.ParseFromArray(bytes.data, static_cast<int>(bytes.size)) ? &store : nullptr;
    }
    static bool encode(const T& message, std::string& scratch, Bytes& out) {
        const std::size_t size = message.ByteSizeLong();
        if (size > static_cast<std::size_t>(std::numeric_limits<int>::max())) return false;
        if (scratch.size() < size) scratch.resize(size);
        message.SerializeWithCachedSizesToArray(reinterpret_cast<std::uint8_t*>(scratch.data()));
        out = Bytes{std::string_view{scratch.data(), size}};
        return true;
    }
};

}  // namespace gantry
