#include "host/route/blame.h"

#include "host/platform/code_ranges.h"

namespace gantry::route {

Blame to_blame(const platform::Fault& fault, const std::string& called,
               const std::string& wanted_by,
               const std::function<bool(const std::string& label)>& is_new) {
    std::string innermost;
    for (int i = 0; i <= fault.frame_count; ++i) {
        std::string label = called;  // the outermost, also where the frames do not reach so far
        if (i < fault.frame_count) {
            const platform::CodeLabel code = platform::code_at(fault.frames[i]);
            if (!code) continue;
            label = code.text;
        }
        if (innermost.empty()) innermost = label;
        if (is_new(label)) return {label, label == innermost ? std::string{} : innermost};
    }
    if (!wanted_by.empty() && is_new(wanted_by)) return {wanted_by, innermost};
    return {innermost, {}};
}

}  // namespace gantry::route
