// named_sentence: an error reply says which generation it comes from.
#pragma once
#include <string>
#include <string_view>

#include "gantry/types.h"

namespace gantry::route {

/// "arena@1.0.0#1: the desk is closed"; without a sentence the status.
inline std::string named_sentence(std::string_view label, Status status,
                                  std::string_view sentence) {
    if (sentence.empty()) sentence = status_name(status);
    std::string text{label};
    text += ": ";
    return text += sentence;
}

}  // namespace gantry::route
