// The table of the binary interface: every slot, layout and number that plugins are compiled with.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace gantry::test {

/// One thing that is frozen: "Net::send" is "slot 3: Status (Net::*)(SessionId, …)".
struct AbiEntry {
    std::string name;
    std::string fact;
    friend bool operator==(const AbiEntry&, const AbiEntry&) = default;
};
using AbiTable = std::vector<AbiEntry>;

/// Measured by this compiler from the SDK's headers.
AbiTable measure_abi();

std::string write_abi(const AbiTable& table);
AbiTable read_abi(std::string_view text);

/// One sentence for each entry that is not as it was released.
std::vector<std::string> compare_abi(const AbiTable& released, const AbiTable& present);

}  // namespace gantry::test
