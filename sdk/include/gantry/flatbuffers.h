// gantry/flatbuffers.h: FlatBuffers tables as handler arguments, verified before they are read.
#pragma once
#include <flatbuffers/flatbuffers.h>

#include <string>
#include <type_traits>

#include "gantry/cpp/codec.h"

namespace gantry {

inline constexpr std::uint32_t flatbuffers_depth_max = 32;
inline constexpr std::uint32_t flatbuffers_tables_max = 100'000;

/// `T` is a generated table; the handler reads it in place. Give it an id:
///     template <> inline constexpr std::uint16_t gantry::message_id<game::Move> = 7;
/// Reply with a flatbuffers::DetachedBuffer wrapped as Bytes.
template <class T>
struct Codec<T, std::enable_if_t<std::is_class_v<typename T::Builder>>> {
    struct Store {};

    static std::string name() {
        if constexpr (requires { T::GetFullyQualifiedName(); }) {
            return T::GetFullyQualifiedName();
        } else {
            return "flatbuffers table";
        }
    }
    static const T* decode(Store&, Bytes bytes) {
        const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data);
        // The smallest buffer: a root offset and a table's own offset.
        if (bytes.size < 2 * sizeof(flatbuffers::uoffset_t)) return nullptr;
        flatbuffers::Verifier verifier{data, static_cast<std::size_t>(bytes.size),
                                       flatbuffers_depth_max, flatbuffers_tables_max};
        return verifier.VerifyBuffer<T>(nullptr) ? flatbuffers::GetRoot<T>(data) : nullptr;
    }
};

}  // namespace gantry
